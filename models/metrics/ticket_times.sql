with

waits as (

    select * from {{ ref('contrib_waits') }}
    where measure <> 'handoff_latency' and duration is not null

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

-- All time gets its own rows, with month null, because quantiles of months do not add up.
observed as (

    select
        measure,
        month,
        month as team_month,
        user_id,
        channel,
        priority,
        duration,
        is_event
    from waits

    union all

    select
        measure,
        null as month,
        {{ local_month(as_of()) }} as team_month,
        user_id,
        channel,
        priority,
        duration,
        is_event
    from waits

),

-- The team of a month is that of its last day; over all time it is the team at as_of.
attributed as (

    select
        observed.measure,
        observed.month,
        observed.duration,
        case when observed.is_event then 1 else 0 end as events,
        case when observed.is_event then 0 else 1 end as censored,
        coalesce(employee_teams.team, '(none)') as team,
        coalesce(employee_teams.user_id, '(none)') as user_id,
        coalesce(observed.channel, '(none)') as channel,
        coalesce(observed.priority, '(none)') as priority
    from observed
    left join employee_teams
        on
            observed.user_id = employee_teams.user_id
            and observed.team_month >= employee_teams.from_month
            and observed.team_month < employee_teams.to_month

),

subjects as (

    select
        *,
        'company' as subject_type,
        'all' as subject_id
    from attributed

    union all

    select
        *,
        'team' as subject_type,
        team as subject_id
    from attributed

    union all

    select
        *,
        'employee' as subject_type,
        user_id as subject_id
    from attributed

    union all

    select
        *,
        'channel' as subject_type,
        channel as subject_id
    from attributed

    union all

    select
        *,
        'priority' as subject_type,
        priority as subject_id
    from attributed

),

curves as (

    {{ survival_curve('subjects', ['measure', 'subject_type', 'subject_id', 'month']) }}

),

final as (

    select
        measure,
        subject_type,
        subject_id,
        month,
        cast(sum(events + censored) as bigint) as tickets,
        cast(sum(events) as bigint) as events,
        {{ survival_quantile(0.5) }} as median_minutes,
        {{ survival_quantile(0.5, 'survival_low') }} as median_low,
        {{ survival_quantile(0.5, 'survival_high') }} as median_high,
        {{ survival_quantile(0.9) }} as p90_minutes,
        {{ survival_quantile(0.9, 'survival_low') }} as p90_low,
        {{ survival_quantile(0.9, 'survival_high') }} as p90_high
    from curves
    group by measure, subject_type, subject_id, month

)

select * from final
