with

holidays as (

    {{ accepted_rows(ref('rec_holidays')) }} and schedule_id = '{{ var("default_schedule") or "" }}'

),

handoffs as (

    select * from {{ ref('int_handoffs__given') }}

),

schedules as (

    {{ accepted_rows(ref('rec_schedules')) }}

),

-- The time zone of the default schedule, or the reporting time zone if there is none.
clocks as (

    select coalesce(max(timezone), '{{ var("reporting_timezone") }}') as timezone
    from schedules
    where schedule_id = '{{ var("default_schedule") or "" }}'

),

-- The local day differs from the UTC day by at most one, in any time zone.
days as (

    {{ date_series(
        '(select cast(min(handed_at) as date) - 2 from handoffs)',
        '(select cast(' ~ as_of() ~ ' as date) + 2)',
        'day',
    ) }}

),

judged as (

    select
        days.series_on as day_on,
        clocks.timezone,
        {{ utc_time('cast(days.series_on as ' ~ dbt.type_timestamp() ~ ')', 'clocks.timezone') }} as starts_at,
        {{ utc_time('cast(days.series_on + 1 as ' ~ dbt.type_timestamp() ~ ')', 'clocks.timezone') }} as ends_at,
        case
            when {{ iso_weekday('days.series_on') }} <= 5 and holidays.holiday_on is null then 1
            else 0
        end as business_days
    from days
    cross join clocks
    left join holidays
        on days.series_on = holidays.holiday_on

),

final as (

    select
        day_on,
        timezone,
        starts_at,
        ends_at,
        business_days,
        cast(coalesce(sum(business_days * {{ elapsed_microseconds('starts_at', 'ends_at') }}) over (
            order by day_on
            rows between unbounded preceding and 1 preceding
        ), 0) as bigint) as worked_microseconds
    from judged

)

select * from final
