{%- set business_day = 86400000000 -%}
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

-- the clock of the default schedule, else that of the reports
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
        {{ zoned_time('handoffs.handed_at', 'clocks.timezone') }} as handed_local,
        {{ zoned_time('signs_of_life.first_sign_at', 'clocks.timezone') }} as sign_local,
        {{ zoned_time(as_of(), 'clocks.timezone') }} as now_local
    from handoffs
    left join signs_of_life
        on handoffs.handoff_id = signs_of_life.handoff_id
    cross join clocks

),

worked as (

    {{ working_time_in('spans', 'working_time') }}

),

passed as (

    select
        worked.*,
        {{ business_time_until('worked.first_sign_at', 'sign_days') }}
        - {{ business_time_until('worked.handed_at', 'handed_days') }} as business_time_to_sign,
        {{ business_time_until(as_of(), 'now_days') }}
        - {{ business_time_until('worked.handed_at', 'handed_days') }} as business_time_to_now,
        {{ var('handoff_drop_business_days') }} * {{ business_day }} as allowed_time
    from worked
    inner join business_days as handed_days
        on cast(worked.handed_local as date) = handed_days.day_on
    inner join business_days as now_days
        on cast(worked.now_local as date) = now_days.day_on
    left join business_days as sign_days
        on cast(worked.sign_local as date) = sign_days.day_on

),

final as (

    select
        passed.handoff_id,
        passed.account_id,
        passed.lead_id,
        passed.from_team,
        passed.to_team,
        passed.from_user_id,
        passed.to_user_id,
        passed.handed_at,
        {{ local_day('passed.handed_at') }} as handed_on,
        passed.first_sign_at,
        {{ as_minutes(elapsed_microseconds('passed.handed_at', 'passed.first_sign_at')) }} as latency_minutes,
        {{ as_minutes('passed.worked_microseconds') }} as latency_business_minutes,
        passed.business_time_to_now >= passed.allowed_time as is_matured,
        passed.business_time_to_now >= passed.allowed_time
        and coalesce(passed.business_time_to_sign > passed.allowed_time, true) as is_dropped,
        passed.is_rejected,
        passed.is_returned,
        coalesce(outcomes.first_defined_at < passed.handed_at, false) as is_outcome_recorded
    from passed
    left join outcomes
        on passed.account_id = outcomes.account_id

)

select * from final
