{{ config(materialized='table') }}
{%- set facts = {
    'fct_transactions': 'transacted_on',
    'fct_subscription_movements': 'month',
    'fct_outcomes': local_day('defined_at'),
    'fct_handoffs': 'handed_on',
    'fct_touches': local_day('occurred_at'),
    'fct_tickets': local_day('created_at'),
    'fct_survey_responses': local_day('responded_at'),
    'fct_usage_days': 'used_on',
} %}

with

first_days as (
    {% for fact, day in facts.items() %}
    select min({{ day }}) as first_on
    from {{ ref(fact) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

days as (

    {{ date_series('(select min(first_on) from first_days)', local_day(as_of()), 'day') }}

),

final as (

    select series_on as day_on
    from days

)

select * from final
