{{ config(materialized='table') }}

with

first_days as (

    select min(transacted_on) as first_on
    from {{ ref('fct_transactions') }}

    union all

    select min(month) as first_on
    from {{ ref('fct_subscription_movements') }}

    union all

    select min({{ local_day('defined_at') }}) as first_on
    from {{ ref('fct_outcomes') }}

    union all

    select min(handed_on) as first_on
    from {{ ref('fct_handoffs') }}

    union all

    select min({{ local_day('occurred_at') }}) as first_on
    from {{ ref('fct_touches') }}

    union all

    select min({{ local_day('created_at') }}) as first_on
    from {{ ref('fct_tickets') }}

    union all

    select min({{ local_day('responded_at') }}) as first_on
    from {{ ref('fct_survey_responses') }}

    union all

    select min(used_on) as first_on
    from {{ ref('fct_usage_days') }}

),

days as (

    {{ date_series('(select min(first_on) from first_days)', local_day(as_of()), 'day') }}

),

final as (

    select series_on as day_on
    from days

)

select * from final
