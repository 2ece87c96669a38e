with

waits as (

    select * from {{ ref('contrib_waits') }}
    where measure <> 'handoff_latency' and duration is not null

),

employees as (

    select * from {{ ref('dim_employees') }}

),

attributed as (

    select
        waits.measure,
        waits.month,
        waits.duration,
        case when waits.is_event then 1 else 0 end as events,
        case when waits.is_event then 0 else 1 end as censored,
        coalesce(employees.team, '(none)') as team,
        coalesce(employees.user_id, '(none)') as user_id,
        coalesce(waits.channel, '(none)') as channel,
        coalesce(waits.priority, '(none)') as priority
    from waits
    left join employees
        on waits.user_id = employees.user_id

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

-- All time gets its own rows, with month null, because quantiles of months do not add up.
observations as (

    select
        measure,
        subject_type,
        subject_id,
        month,
        duration,
        events,
        censored
    from subjects

    union all

    select
        measure,
        subject_type,
        subject_id,
        null as month,
        duration,
        events,
        censored
    from subjects

),

curves as (

    {{ survival_curve('observations', ['measure', 'subject_type', 'subject_id', 'month']) }}

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
