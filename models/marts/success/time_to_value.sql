{%- set accepted = "row_state = 'accepted'" -%}
{%- set clocks = {
    'first_charge': (ref('int_transactions__counted'), 'is_charge', 'transacted_at'),
    'won': (ref('rec_opportunities'), accepted ~ ' and surviving_id = opportunity_id and is_won', 'closed_at'),
    'outcome_defined': (ref('rec_outcomes'), accepted, 'defined_at'),
} -%}
{%- set values = {
    'verified': (ref('rec_outcomes'), accepted ~ " and verified_by = 'customer'", 'verified_at'),
    'achieved': (ref('rec_outcomes'), accepted, 'achieved_at'),
    'first_value_use': (ref('rec_usage_days'), accepted ~ ' and value_events >= 1', 'used_on'),
} -%}
{%- set clock_relation, clock_condition, clock_moment = clocks[var('ttv_clock')] -%}
{%- set value_relation, value_condition, value_moment = values[var('ttv_event')] -%}
with

clocks as (

    select
        account_id,
        min({{ clock_moment }}) as clock_at
    from {{ clock_relation }}
    where {{ clock_condition }}
    group by account_id
    having min({{ clock_moment }}) is not null

),

reached as (

    select
        account_id,
        cast(min({{ value_moment }}) as {{ dbt.type_timestamp() }}) as value_at
    from {{ value_relation }}
    where {{ value_condition }}
    group by account_id

),

departures as (

    select * from {{ ref('int_accounts__departures') }}

),

ended as (

    select
        clocks.account_id,
        clocks.clock_at,
        reached.value_at,
        departures.left_at,
        -- value at the very moment of churn counts as value
        case
            when reached.value_at <= coalesce(departures.left_at, reached.value_at) then 'value'
            when departures.left_at is not null then 'churn'
            else 'censored'
        end as ended_by
    from clocks
    left join reached
        on clocks.account_id = reached.account_id
    left join departures
        on clocks.account_id = departures.account_id

),

final as (

    select
        account_id,
        clock_at,
        value_at,
        left_at,
        ended_by,
        {{ whole_days_between('clock_at', 'value_at') }} as time_to_value_days,
        {{ whole_days_between(
            'clock_at',
            "case ended_by when 'value' then value_at when 'churn' then left_at else " ~ as_of() ~ ' end',
        ) }} as observed_days
    from ended

)

select * from final
