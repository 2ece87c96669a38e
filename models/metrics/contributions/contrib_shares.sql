{{ config(materialized='view') }}

with

outcomes as (

    select * from {{ ref('fct_outcomes') }}
    where is_due

),

values_reached as (

    select * from {{ ref('time_to_value') }}

),

referrals as (

    select * from {{ ref('fct_referrals') }}
    where realised_at <= {{ as_of() }}

),

handoffs as (

    select * from {{ ref('fct_handoffs') }}

),

customers as (

    select * from {{ ref('customer_month_states') }}
    where is_customer_at_start

),

due_touches as (

    select * from {{ ref('fct_touches') }}
    where is_rating_due

),

final as (

    select
        'outcomes_on_time' as metric_name,
        'marts.fct_outcomes' as source_table,
        outcome_id as source_id,
        account_id,
        {{ local_month('due_at') }} as month,
        {{ local_month('due_at') }} as credit_month,
        due_at as occurred_at,
        case when is_verified_on_time then weight else 0 end as amount,
        weight as base,
        true as is_decided,
        true as is_weighted
    from outcomes

    union all

    -- A customer that churned before value counts as a customer without value.
    select
        'time_to_value_90' as metric_name,
        'marts.time_to_value' as source_table,
        account_id as source_id,
        account_id,
        {{ local_month('clock_at') }} as month,
        {{ local_month('clock_at') }} as credit_month,
        clock_at as occurred_at,
        case when ended_by = 'value' and time_to_value_days <= 90 then 1 else 0 end as amount,
        1 as base,
        {{ dbt.dateadd('day', 90, 'clock_at') }} <= {{ as_of() }} as is_decided,
        false as is_weighted
    from values_reached

    union all

    -- Churn counts for the employees who were credited when the month began, even if the customer was handed on during
    -- the month.
    select
        'customer_retention' as metric_name,
        'marts.customer_month_states' as source_table,
        account_id as source_id,
        account_id,
        month,
        cast({{ dbt.dateadd('month', -1, 'month') }} as date) as credit_month,
        null as occurred_at,
        case when is_churned then 0 else 1 end as amount,
        1 as base,
        true as is_decided,
        true as is_weighted
    from customers

    union all

    select
        'referrals_realised' as metric_name,
        'marts.fct_referrals' as source_table,
        referral_id as source_id,
        referrer_account_id as account_id,
        {{ local_month('realised_at') }} as month,
        {{ local_month('realised_at') }} as credit_month,
        realised_at as occurred_at,
        1 as amount,
        null as base,
        true as is_decided,
        true as is_weighted
    from referrals

    union all

    select
        'handoff_drop_rate' as metric_name,
        'marts.fct_handoffs' as source_table,
        handoff_id as source_id,
        account_id,
        {{ local_month('handed_at') }} as month,
        {{ local_month('handed_at') }} as credit_month,
        handed_at as occurred_at,
        case when is_dropped then 1 else 0 end as amount,
        1 as base,
        coalesce(is_matured, false) as is_decided,
        false as is_weighted
    from handoffs

    union all

    select
        'rating_compliance' as metric_name,
        'marts.fct_touches' as source_table,
        touch_id as source_id,
        account_id,
        {{ local_month('occurred_at') }} as month,
        {{ local_month('occurred_at') }} as credit_month,
        occurred_at,
        case when is_rating_invited_in_time then 1 else 0 end as amount,
        1 as base,
        {{ rating_window_end('occurred_at') }} <= {{ as_of() }} as is_decided,
        false as is_weighted
    from due_touches

)

select * from final
