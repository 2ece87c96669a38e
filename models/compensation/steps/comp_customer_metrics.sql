with

customers as (

    select * from {{ ref('comp_payee_customers') }}

),

customer_months as (

    select * from {{ ref('customer_months') }}

),

states as (

    select * from {{ ref('customer_month_states') }}
    where is_customer_at_start

),

outcomes as (

    select
        account_id,
        {{ local_month('due_at') }} as month,
        sum(weight) as weight,
        sum(case when is_verified_on_time then weight else 0 end) as verified_weight
    from {{ ref('fct_outcomes') }}
    where is_due
    group by account_id, {{ local_month('due_at') }}

),

referrals as (

    select
        referrer_account_id as account_id,
        {{ local_month('realised_at') }} as month,
        count(*) as referrals
    from {{ ref('fct_referrals') }}
    where realised_at <= {{ as_of() }}
    group by referrer_account_id, {{ local_month('realised_at') }}

),

figures as (

    select
        account_id,
        month,
        'retention' as metric_name,
        cast(case when has_left then 0 else 1 end as {{ figure_type() }}) as numerator,
        cast(1 as {{ figure_type() }}) as denominator,
        null as seen
    from states

    union all

    select
        account_id,
        month,
        'outcomes_on_time' as metric_name,
        cast(verified_weight as {{ figure_type() }}) as numerator,
        cast(weight as {{ figure_type() }}) as denominator,
        null as seen
    from outcomes

    union all

    select
        account_id,
        month,
        'recommendations' as metric_name,
        cast(referrals as {{ figure_type() }}) as numerator,
        null as denominator,
        null as seen
    from referrals

    union all

    select
        account_id,
        month,
        'ppp_yield' as metric_name,
        cast(ppp as {{ figure_type() }}) as numerator,
        cast(10 * cltv as {{ figure_type() }}) as denominator,
        cast(case when csat_1_10 is not null then 10 * cltv else 0 end as {{ figure_type() }}) as seen
    from customer_months

),

final as (

    select
        customers.period,
        customers.user_id,
        figures.metric_name,
        sum(customers.weight * figures.numerator) as numerator,
        sum(customers.weight * figures.denominator) as denominator,
        count(*) as n_customers,
        {{ rate_quotient(
            'sum(customers.weight * figures.seen)',
            'sum(customers.weight * figures.denominator)',
        ) }} as coverage
    from customers
    inner join figures
        on customers.account_id = figures.account_id and customers.period = figures.month
    group by customers.period, customers.user_id, figures.metric_name

)

select * from final
