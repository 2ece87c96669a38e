{%- set business_day = 86400000000 -%} {#- in microseconds -#}
with

handoffs as (

    select * from {{ ref('int_handoffs__given') }}

),

signs_of_life as (

    select * from {{ ref('int_handoffs__signs_of_life') }}

),

outcomes as (

    select
        account_id,
        min(defined_at) as first_defined_at
    from {{ ref('fct_outcomes') }}
    group by account_id

),

working_time as (

    select * from {{ ref('int_schedules__working_time') }}

),

business_days as (

    select * from {{ ref('int_schedules__business_days') }}

),

-- the time zone of the default schedule, else the reporting time zone
clocks as (

    select distinct timezone
    from business_days

),

spans as (

    select
        handoffs.*,
        signs_of_life.first_sign_at,
        '{{ var("default_schedule") or "" }}' as schedule_id,
        handoffs.handed_at as starts_at,
        signs_of_life.first_sign_at as ends_at,
        {{ zoned_time('handoffs.handed_at', 'clocks.timezone') }} as handed_local
    from handoffs
    left join signs_of_life
        on handoffs.handoff_id = signs_of_life.handoff_id
    cross join clocks

),

worked as (

    {{ working_time_in('spans', 'working_time') }}

),

allowances as (

    select
        worked.*,
        {{ business_time_until('worked.handed_at', 'handed_days') }}
        + {{ var('handoff_drop_business_days') }} * {{ business_day }} as allowed_until
    from worked
    inner join business_days as handed_days
        on cast(worked.handed_local as date) = handed_days.day_on

),

-- the deadline is the moment at which the last allowed business day ends, even if a holiday follows it
deadlines as (

    select
        allowances.*,
        {{ moment_of_business_time('allowances.allowed_until', 'last_days') }} as due_at
    from allowances
    left join business_days as last_days
        on
            allowances.allowed_until > last_days.worked_microseconds
            and allowances.allowed_until <= {{ business_time_until('last_days.ends_at', 'last_days') }}

),

final as (

    select
        deadlines.handoff_id,
        deadlines.account_id,
        deadlines.lead_id,
        deadlines.from_team,
        deadlines.to_team,
        deadlines.from_user_id,
        deadlines.to_user_id,
        deadlines.handed_at,
        {{ local_day('deadlines.handed_at') }} as handed_on,
        deadlines.first_sign_at,
        {{ as_minutes(elapsed_microseconds('deadlines.handed_at', 'deadlines.first_sign_at')) }} as latency_minutes,
        {{ as_minutes('deadlines.worked_microseconds') }} as latency_business_minutes,
        coalesce(deadlines.due_at <= {{ as_of() }}, false) as is_matured,
        coalesce(deadlines.due_at <= {{ as_of() }}, false)
        and coalesce(deadlines.first_sign_at > deadlines.due_at, true) as is_dropped,
        deadlines.is_rejected,
        deadlines.is_returned,
        coalesce(outcomes.first_defined_at < deadlines.handed_at, false) as is_outcome_recorded
    from deadlines
    left join outcomes
        on deadlines.account_id = outcomes.account_id

)

select * from final
