with

schedules as (

    {{ accepted_rows(ref('rec_schedules')) }}

),

-- A stretch that ends before it starts runs into the next day, as a night shift does. It is split at midnight, because
-- a holiday closes the minutes of its own day only.
parts as (

    select
        schedule_id,
        timezone,
        weekday,
        starts_minute,
        case when ends_minute < starts_minute then 1440 else ends_minute end as ends_minute
    from schedules

    union all

    select
        schedule_id,
        timezone,
        case when weekday = 7 then 1 else weekday + 1 end as weekday,
        0 as starts_minute,
        ends_minute
    from schedules
    where ends_minute < starts_minute

),

final as (

    select distinct
        schedule_id,
        timezone,
        weekday,
        starts_minute,
        ends_minute
    from parts
    where starts_minute < ends_minute

)

select * from final
