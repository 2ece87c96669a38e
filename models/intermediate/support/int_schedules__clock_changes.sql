with

tickets as (

    select * from {{ ref('int_tickets__first_responses') }}

),

handoffs as (

    select * from {{ ref('int_handoffs__given') }}

),

beginnings as (

    select clock_started_at as begins_at from tickets

    union all

    select handed_at as begins_at from handoffs

),

schedules as (

    {{ accepted_rows(ref('rec_schedules')) }}

),

time_zones as (

    select distinct timezone from schedules

),

-- A local day extends into the UTC days before or after it.
days as (

    {{ date_series(
        '(select cast(min(begins_at) as date) - 3 from beginnings)',
        '(select cast(' ~ as_of() ~ ' as date) + 3)',
        'day',
    ) }}

),

readings as (

    select
        time_zones.timezone,
        cast(days.series_on as {{ dbt.type_timestamp() }}) as read_at,
        {{ dbt.datediff(
            'cast(days.series_on as ' ~ dbt.type_timestamp() ~ ')',
            zoned_time('cast(days.series_on as ' ~ dbt.type_timestamp() ~ ')', 'time_zones.timezone'),
            'second',
        ) }} as offset_seconds
    from days
    cross join time_zones

),

neighbours as (

    select
        timezone,
        read_at,
        offset_seconds,
        lead(read_at) over (partition by timezone order by read_at) as next_read_at,
        lead(offset_seconds) over (partition by timezone order by read_at) as next_offset_seconds,
        row_number() over (partition by timezone order by read_at) as reading_number
    from readings

),

minutes as (

    {{ number_series(1, 1440) }}

),

-- Clocks change at whole minutes, so the change is at the first minute of the day that shows the new offset.
changes as (

    select
        neighbours.timezone,
        min({{ dbt.dateadd('minute', 'minutes.series_number', 'neighbours.read_at') }}) as starts_at,
        neighbours.next_offset_seconds as offset_seconds
    from neighbours
    cross join minutes
    where
        neighbours.offset_seconds <> neighbours.next_offset_seconds
        and {{ zoned_time(
            dbt.dateadd('minute', 'minutes.series_number', 'neighbours.read_at'), 'neighbours.timezone'
        ) }} = {{ dbt.dateadd(
            'second',
            'neighbours.next_offset_seconds',
            dbt.dateadd('minute', 'minutes.series_number', 'neighbours.read_at'),
        ) }}
    group by neighbours.timezone, neighbours.read_at, neighbours.next_offset_seconds

),

stretches as (

    select
        timezone,
        read_at as starts_at,
        offset_seconds
    from neighbours
    where reading_number = 1

    union all

    select
        timezone,
        starts_at,
        offset_seconds
    from changes

),

final as (

    select
        timezone,
        starts_at,
        coalesce(
            lead(starts_at) over (partition by timezone order by starts_at),
            {{ dbt.dateadd('day', 30, as_of()) }}
        ) as ends_at,
        offset_seconds
    from stretches

)

select * from final
