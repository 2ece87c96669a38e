with

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where about_user_id is not null

),

transactions as (

    select * from {{ ref('fct_transactions') }}
    where transaction_type in ('refund', 'chargeback')

),

churns as (

    select * from {{ ref('fct_subscription_movements') }}
    where movement in ('churn', 'churn_involuntary')

),

-- Months in which a customer took money back or churned.
losses as (

    select
        account_id,
        {{ local_month('transacted_at') }} as month
    from transactions

    union

    select
        account_id,
        month
    from churns

),

raters as (

    select
        about_user_id as user_id,
        {{ local_month('responded_at') }} as month,
        account_id,
        max(responded_at) as raised_at,
        {{ score_quotient('sum(score_unit)', 'count(*)') }} as mean_score_unit
    from responses
    group by about_user_id, {{ local_month('responded_at') }}, account_id

),

months as (

    select
        raters.user_id,
        raters.month,
        max(raters.raised_at) as raised_at,
        count(*) as customers,
        count(losses.account_id) as lost,
        sum(raters.mean_score_unit) as score_sum,
        sum({{ squared_distance('raters.mean_score_unit', '0') }}) as square_sum
    from raters
    left join losses
        on
            raters.account_id = losses.account_id
            and raters.month = losses.month
    group by raters.user_id, raters.month

),

-- Each month is compared with the months before it.
baselines as (

    select
        months.user_id,
        months.month,
        months.raised_at,
        months.customers,
        months.lost,
        {{ rate_quotient('months.score_sum', 'months.customers') }} as mean_score_unit,
        sum(earlier.customers) as earlier_customers,
        sum(earlier.lost) as earlier_lost,
        {{ rate_quotient('sum(earlier.score_sum)', 'sum(earlier.customers)') }} as earlier_mean_score_unit,
        {{ rate_quotient(
            'months.score_sum + sum(earlier.score_sum)', 'months.customers + sum(earlier.customers)'
        ) }} as common_mean,
        {{ rate_quotient(
            'months.square_sum + sum(earlier.square_sum)', 'months.customers + sum(earlier.customers)'
        ) }} as common_mean_of_squares
    from months
    inner join months as earlier
        on
            months.user_id = earlier.user_id
            and months.month > earlier.month
            and earlier.month >= {{ dbt.dateadd('month', -var('flag_baseline_months'), 'months.month') }}
    group by
        months.user_id,
        months.month,
        months.raised_at,
        months.customers,
        months.lost,
        months.score_sum,
        months.square_sum

),

compared as (

    select
        *,
        (mean_score_unit - earlier_mean_score_unit) / nullif(sqrt(
            greatest(0, common_mean_of_squares - common_mean * common_mean)
            * (1.0 / customers + 1.0 / earlier_customers)
        ), 0) as rating_sigmas,
        {{ sigmas_apart('lost', 'customers', 'earlier_lost', 'earlier_customers') }} as loss_sigmas
    from baselines
    where
        customers >= {{ var('flag_min_observations') }}
        and earlier_customers >= {{ var('flag_min_observations') }}

),

final as (

    select
        'ratings_up_customers_down:' || user_id || ':' || cast(month as {{ dbt.type_string() }}) as flag_id,
        'ratings_up_customers_down' as flag_type,
        user_id,
        month,
        customers || ' customers rated ' || {{ shown_number('mean_score_unit', 2) }} || ' in the mean (from 0 to 1), '
        || {{ shown_number('earlier_mean_score_unit', 2) }}
        || ' in the {{ var("flag_baseline_months") }} months before ('
        || {{ shown_number('rating_sigmas', 1) }} || ' sigma), while '
        || lost || ' of them took money back or left in the month, '
        || earlier_lost || ' of ' || earlier_customers || ' before ('
        || {{ shown_number('loss_sigmas', 1) }} || ' sigma).' as evidence,
        raised_at
    from compared
    where
        rating_sigmas >= {{ var('flag_both_sigma') }}
        and loss_sigmas >= {{ var('flag_both_sigma') }}

)

select * from final
