with

offsets as (

    select * from {{ ref('int_schedules__clock_changes') }}

),

bounds as (

    select
        cast(min(starts_at) as date) as first_day,
        cast({{ as_of() }} as date) + 1 as last_day
    from offsets

),

days as (

    {{ date_series('(select first_day from bounds)', '(select last_day from bounds)', 'day') }}

),

time_zones as (

    select distinct timezone from offsets

),

-- The offset in force two days before a day is the last that started until then. A window finds it in one pass, where a
-- join by ranges would compare each day with each change of the clock.
moments as (

    select
        timezone,
        starts_at as moment_at,
        starts_at,
        cast(null as date) as day_on
    from offsets

    union all

    select
        time_zones.timezone,
        {{ dbt.dateadd('day', -2, 'cast(days.series_on as ' ~ dbt.type_timestamp() ~ ')') }} as moment_at,
        null as starts_at,
        days.series_on as day_on
    from days
    cross join time_zones

),

in_force as (

    select
        timezone,
        day_on,
        max(starts_at) over (partition by timezone order by moment_at) as starts_at
    from moments

),

-- A change also matters to the days around it: a local day begins up to a day before or after the day of UTC.
neighbours as (

    {{ number_series(-3, 2) }}

),

around_changes as (

    select
        offsets.timezone,
        cast({{ dbt.dateadd('day', 'neighbours.series_number', 'offsets.starts_at') }} as date) as day_on,
        offsets.starts_at
    from offsets
    cross join neighbours

),

near as (

    select
        timezone,
        day_on,
        starts_at
    from in_force
    where day_on is not null

    union distinct

    select
        timezone,
        day_on,
        starts_at
    from around_changes

),

final as (

    select
        near.timezone,
        near.day_on,
        offsets.starts_at,
        offsets.ends_at,
        offsets.offset_seconds
    from near
    inner join days
        on near.day_on = days.series_on
    inner join offsets
        on near.timezone = offsets.timezone and near.starts_at = offsets.starts_at

)

select * from final
