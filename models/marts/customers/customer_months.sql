with

transactions as (

    select
        *,
        {{ local_month('transacted_at') }} as month
    from {{ ref('fct_transactions') }}

),

satisfaction as (

    select * from {{ ref('int_customers__satisfaction_changes') }}

),

recommend_requests as (

    select * from {{ ref('customer_recommend_requests') }}

),

customers as (

    select
        account_id,
        {{ local_month('acquired_at') }} as first_month
    from {{ ref('dim_customers') }}
    where is_customer

),

months as (

    select * from {{ ref('int_months__spanned') }}

),

customer_months as (

    select
        customers.account_id,
        months.month,
        coalesce(recommend_requests.asked_at <= months.known_at, false) as is_recommend_asked
    from customers
    inner join months
        on customers.first_month <= months.month
    left join recommend_requests
        on customers.account_id = recommend_requests.account_id

),

money as (

    select
        account_id,
        month,
        sum(reporting_amount) as reporting_amount,
        count(case when is_charge then 1 end) as transaction_count,
        sum(case when is_charge and movement = 'new' then reporting_amount else 0 end) as new_amount,
        sum(case when is_charge and movement = 'reactivation' then reporting_amount else 0 end) as reactivation_amount,
        sum(case when is_charge and movement = 'repeat' then reporting_amount else 0 end) as repeat_amount,
        sum(case when is_charge and movement = 'cross_sell' then reporting_amount else 0 end) as cross_sell_amount,
        sum(case when is_charge and movement = 'up_sell' then reporting_amount else 0 end) as up_sell_amount,
        sum(case when is_charge then 0 else reporting_amount end) as reversed_amount,
        sum(expansion_amount) as expansion_amount
    from transactions
    group by account_id, month

),

-- credits from before the first month count in cltv, although no row shows their month
earlier_money as (

    select
        money.account_id,
        sum(money.reporting_amount) as amount
    from money
    inner join customers
        on money.account_id = customers.account_id
    where money.month < customers.first_month
    group by money.account_id

),

-- satisfaction reported before the first charge counts from the first month on
opinions as (

    select
        satisfaction.account_id,
        greatest(satisfaction.month, customers.first_month) as month,
        sum(satisfaction.score_unit_change) as score_unit_change,
        sum(satisfaction.responder_change) as responder_change,
        sum(satisfaction.recommender_change) as recommender_change
    from satisfaction
    inner join customers
        on satisfaction.account_id = customers.account_id
    group by satisfaction.account_id, greatest(satisfaction.month, customers.first_month)

),

running as (

    select
        customer_months.account_id,
        customer_months.month,
        coalesce(money.transaction_count, 0) as transaction_count,
        coalesce(money.reporting_amount, 0) as reporting_amount,
        coalesce(money.new_amount, 0) as new_amount,
        coalesce(money.reactivation_amount, 0) as reactivation_amount,
        coalesce(money.repeat_amount, 0) as repeat_amount,
        coalesce(money.cross_sell_amount, 0) as cross_sell_amount,
        coalesce(money.up_sell_amount, 0) as up_sell_amount,
        coalesce(money.reversed_amount, 0) as reversed_amount,
        coalesce(money.expansion_amount, 0) as expansion_amount,
        coalesce(earlier_money.amount, 0) + sum(coalesce(money.reporting_amount, 0)) over known_by_month as cltv,
        {{ score_quotient(
            'sum(opinions.score_unit_change) over known_by_month',
            'sum(opinions.responder_change) over known_by_month',
        ) }} as csat_unit,
        case
            when customer_months.is_recommend_asked
                then coalesce(sum(opinions.recommender_change) over known_by_month, 0) > 0
        end as is_recommend_stated
    from customer_months
    left join money
        on customer_months.account_id = money.account_id and customer_months.month = money.month
    left join earlier_money
        on customer_months.account_id = earlier_money.account_id
    left join opinions
        on customer_months.account_id = opinions.account_id and customer_months.month = opinions.month
    window known_by_month as (
        partition by customer_months.account_id
        order by customer_months.month
        rows between unbounded preceding and current row
    )

),

final as (

    select
        account_id,
        month,
        reporting_amount,
        transaction_count,
        cltv,
        cast(1 + 9 * csat_unit as {{ score_type() }}) as csat_1_10,
        {{ ppp('csat_unit', 'cltv') }} as ppp,
        is_recommend_stated,
        new_amount,
        reactivation_amount,
        repeat_amount,
        cross_sell_amount,
        up_sell_amount,
        reversed_amount,
        expansion_amount
    from running

)

select * from final
