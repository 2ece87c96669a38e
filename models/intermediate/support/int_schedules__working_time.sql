with

parts as (

    select * from {{ ref('int_schedules__day_parts') }}

),

holidays as (

    {{ accepted_rows(ref('rec_holidays')) }}

),

offsets as (

    select * from {{ ref('int_schedules__daily_offsets') }}

),

days as (

    select distinct day_on from offsets

),

-- A stretch extends into at most three UTC days.
following as (

    {{ number_series(0, 2) }}

),

-- Parts that overlap or touch are merged into one, so that no time counts twice.
ordered as (

    select
        *,
        coalesce(starts_minute > max(ends_minute) over (
            partition by schedule_id, weekday
            order by starts_minute, ends_minute
            rows between unbounded preceding and 1 preceding
        ), true) as is_apart
    from parts

),

numbered as (

    select
        *,
        sum(case when is_apart then 1 else 0 end) over (
            partition by schedule_id, weekday
            order by starts_minute, ends_minute
            rows unbounded preceding
        ) as stretch_number
    from ordered

),

weekly as (

    select
        schedule_id,
        timezone,
        weekday,
        min(starts_minute) as starts_minute,
        max(ends_minute) as ends_minute
    from numbered
    group by schedule_id, timezone, weekday, stretch_number

),

local_stretches as (

    select
        weekly.schedule_id,
        weekly.timezone,
        {{ dbt.dateadd('minute', 'weekly.starts_minute', 'cast(days.day_on as ' ~ dbt.type_timestamp() ~ ')') }}
            as opens_local,
        {{ dbt.dateadd('minute', 'weekly.ends_minute', 'cast(days.day_on as ' ~ dbt.type_timestamp() ~ ')') }}
            as closes_local
    from days
    inner join weekly
        on {{ iso_weekday('days.day_on') }} = weekly.weekday
    left join holidays
        on
            weekly.schedule_id = holidays.schedule_id
            and days.day_on = holidays.holiday_on
    where holidays.schedule_id is null

),

-- A local time that the clock skips is reached at the change; of a local time that comes twice the first counts.
stretches as (

    select
        local_stretches.schedule_id,
        local_stretches.opens_local,
        min({{ first_instant('local_stretches.opens_local', 'offsets') }}) as opens_at,
        min({{ first_instant('local_stretches.closes_local', 'offsets') }}) as closes_at
    from local_stretches
    inner join offsets
        on
            local_stretches.timezone = offsets.timezone
            and cast(local_stretches.opens_local as date) = offsets.day_on
    group by local_stretches.schedule_id, local_stretches.opens_local

),

schedule_ids as (

    select distinct schedule_id from parts

),

-- A piece begins at every UTC midnight, so that a moment can be looked up by its day.
day_starts as (

    select
        schedule_ids.schedule_id,
        cast(days.day_on as {{ dbt.type_timestamp() }}) as starts_at
    from days
    cross join schedule_ids

),

stretch_days as (

    select
        stretches.schedule_id,
        stretches.opens_at,
        stretches.closes_at,
        {{ dbt.dateadd('day', 'following.series_number', dbt.date_trunc('day', 'stretches.opens_at')) }}
            as day_starts_at
    from stretches
    cross join following

),

pieces as (

    select
        day_starts.schedule_id,
        day_starts.starts_at as day_starts_at,
        greatest(day_starts.starts_at, stretch_days.opens_at) as starts_at,
        least({{ dbt.dateadd('day', 1, 'day_starts.starts_at') }}, stretch_days.closes_at) as closes_at
    from stretch_days
    inner join day_starts
        on
            stretch_days.schedule_id = day_starts.schedule_id
            and stretch_days.day_starts_at = day_starts.starts_at
    where stretch_days.day_starts_at < stretch_days.closes_at

    union all

    select
        schedule_id,
        starts_at as day_starts_at,
        starts_at,
        starts_at as closes_at
    from day_starts

),

final as (

    select
        schedule_id,
        cast(day_starts_at as date) as day_on,
        starts_at,
        lead(starts_at, 1, {{ dbt.dateadd('day', 1, 'day_starts_at') }}) over (
            partition by schedule_id, day_starts_at
            order by starts_at, closes_at
        ) as ends_at,
        {{ elapsed_microseconds('starts_at', 'closes_at') }} as open_microseconds,
        coalesce(sum({{ elapsed_microseconds('starts_at', 'closes_at') }}) over (
            partition by schedule_id
            order by starts_at, closes_at
            rows between unbounded preceding and 1 preceding
        ), 0) as worked_microseconds
    from pieces

)

select * from final
