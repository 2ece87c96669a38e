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

months as (

    select
        month,
        {{ last_moment('month') }} as known_at,
        {{ local_day(last_moment('month')) }} as known_on
    from (select distinct month from customer_months) as known_months

),

weights as (

    select
        months.month,
        months.known_at,
        {{ rule_by_axis('weight') }}
    from months
    left join success_weights
        on {{ rule_holds('months.known_on') }}
    group by months.month, months.known_at

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

outcome_scores as (

    select
        customer_months.account_id,
        customer_months.month,
        {{ score_quotient('sum(outcomes.verified_weight)', 'sum(outcomes.weight)') }} as outcome_score
    from customer_months
    inner join outcomes
        on customer_months.account_id = outcomes.account_id and customer_months.month >= outcomes.month
    group by customer_months.account_id, customer_months.month

),

recommenders as (

    select
        referrer_account_id as account_id,
        min(realised_at) as realised_at
    from {{ ref('fct_referrals') }}
    where realised_at is not null
    group by referrer_account_id

),

recurring_revenue as (

    select
        account_id,
        month,
        sum(starting_mrr) as starting_mrr,
        sum(mrr) as ending_mrr
    from {{ ref('subscription_months') }}
    group by account_id, month
    having sum(starting_mrr) > 0

),

answers as (

    select * from {{ ref('metric_account_answers') }}

),

customers as (

    select
        customer_months.account_id,
        customer_months.month,
        customer_months.cltv,
        case when customer_months.csat_1_10 is not null then customer_months.cltv else 0 end as responders_cltv,
        customer_months.ppp,
        answers.csat_unit,
        answers.touch_rating_unit,
        answers.promoter_share,
        answers.detractor_share,
        {{ success_score(
            'weights', 'outcome_scores.outcome_score', '((customer_months.csat_1_10 - 1) / 9)'
        ) }} as success_unit,
        case
            when {{ dbt.dateadd('day', var('min_tenure_days'), 'accounts.acquired_at') }} <= weights.known_at
                then customer_months.is_recommend_stated
        end as is_stated,
        case
            when {{ dbt.dateadd('day', var('min_tenure_days'), 'accounts.acquired_at') }} <= weights.known_at
                then coalesce(recommenders.realised_at <= weights.known_at, false)
        end as is_realised
    from customer_months
    inner join accounts
        on customer_months.account_id = accounts.account_id
    inner join weights
        on customer_months.month = weights.month
    left join answers
        on customer_months.account_id = answers.account_id and customer_months.month = answers.month
    left join outcome_scores
        on
            customer_months.account_id = outcome_scores.account_id
            and customer_months.month = outcome_scores.month
    left join recommenders
        on customer_months.account_id = recommenders.account_id

),

-- who subscribes need not have paid yet
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
        customers.csat_unit,
        customers.touch_rating_unit,
        customers.promoter_share,
        customers.detractor_share,
        customers.success_unit,
        customers.is_stated,
        customers.is_realised
    from customers
    full join recurring_revenue
        on customers.account_id = recurring_revenue.account_id and customers.month = recurring_revenue.month

)

select * from final
