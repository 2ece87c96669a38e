{{ config(materialized='view') }}

with

customer_months as (

    select * from {{ ref('customer_months') }}

),

accounts as (

    select * from {{ ref('dim_customers') }}

),

success_weights as (

    select * from {{ ref('success_weights') }}

),

outcomes as (

    select * from {{ ref('contrib_shares') }}
    where metric_name = 'outcomes_on_time'

),

referrals as (

    select * from {{ ref('fct_referrals') }}
    where realised_at is not null

),

subscription_months as (

    select * from {{ ref('subscription_months') }}

),

months as (

    select
        months.month,
        months.known_at,
        {{ rule_by_axis('weight') }}
    from {{ ref('int_months__spanned') }} as months
    left join success_weights
        on {{ rule_holds(local_day('months.known_at')) }}
    group by months.month, months.known_at

),

outcome_scores as (

    select
        customer_months.account_id,
        customer_months.month,
        {{ score_quotient('sum(outcomes.amount)', 'sum(outcomes.base)') }} as outcome_score
    from customer_months
    inner join outcomes
        on customer_months.account_id = outcomes.account_id and customer_months.month >= outcomes.month
    group by customer_months.account_id, customer_months.month

),

recommenders as (

    select
        referrer_account_id as account_id,
        min(realised_at) as realised_at
    from referrals
    group by referrer_account_id

),

recurring_revenue as (

    select
        account_id,
        month,
        sum(starting_mrr) as starting_mrr,
        sum(mrr) as ending_mrr
    from subscription_months
    group by account_id, month
    having sum(starting_mrr) > 0

),

customers as (

    select
        customer_months.*,
        case when customer_months.csat_1_10 is not null then customer_months.cltv else 0 end as responders_cltv,
        {{ success_score(
            'months', 'outcome_scores.outcome_score', '((customer_months.csat_1_10 - 1) / 9)'
        ) }} as success_unit,
        {{ dbt.dateadd('day', var('min_tenure_days'), 'accounts.acquired_at') }} <= months.known_at as is_tenured,
        coalesce(recommenders.realised_at <= months.known_at, false) as is_recommend_realised
    from customer_months
    inner join accounts
        on customer_months.account_id = accounts.account_id
    inner join months
        on customer_months.month = months.month
    left join outcome_scores
        on
            customer_months.account_id = outcome_scores.account_id
            and customer_months.month = outcome_scores.month
    left join recommenders
        on customer_months.account_id = recommenders.account_id

),

-- A full join, because an account can have a subscription before its first charge.
final as (

    select
        coalesce(customers.account_id, recurring_revenue.account_id) as account_id,
        coalesce(customers.month, recurring_revenue.month) as month,
        customers.account_id is not null as is_customer,
        customers.cltv,
        customers.responders_cltv,
        customers.ppp,
        recurring_revenue.starting_mrr,
        least(recurring_revenue.starting_mrr, recurring_revenue.ending_mrr) as retained_mrr,
        recurring_revenue.ending_mrr,
        customers.success_unit,
        case when customers.is_tenured then customers.is_recommend_stated end as is_stated,
        case when customers.is_tenured then customers.is_recommend_realised end as is_realised
    from customers
    full join recurring_revenue
        on customers.account_id = recurring_revenue.account_id and customers.month = recurring_revenue.month

)

select * from final
