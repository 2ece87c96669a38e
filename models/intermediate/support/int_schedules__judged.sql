with

versions as (

    {{ version_ranks('support', 'schedules') }}

),

records as (

    {{ latest_versions('support', 'schedules') }}

),

zones as (

    {{ time_zone_names() }}

),

zone_counts as (

    select
        schedule_id,
        count(distinct timezone) as zone_count
    from records
    where row_state = 'current'
    group by schedule_id

),

-- Faulty rows compete with sound ones here, so that a later sound row heals its stretch.
deliveries as (

    select
        schedule_id,
        faults is not null as is_faulty,
        -- A row without a whole key has no later version.
        case
            when weekday is null or starts_minute is null then 1
            else row_number() over (
                partition by schedule_id, weekday, starts_minute
                order by _loaded_at desc nulls last, updated_at desc nulls last, _row_text desc nulls last, _row_id desc
            )
        end as delivery_rank
    from {{ ref('land_schedules') }}
    where schedule_id is not null

),

judged as (

    select
        records._row_id,
        records.schedule_id,
        records.row_state,
        records.ends_minute = records.starts_minute as is_empty,
        zones.timezone is null as is_unknown_zone,
        coalesce(zone_counts.zone_count, 0) > 1 as is_in_two_zones
    from records
    left join zones
        on records.timezone = zones.timezone
    left join zone_counts
        on records.schedule_id = zone_counts.schedule_id

),

voided as (

    select schedule_id from deliveries
    where delivery_rank = 1 and is_faulty

    union distinct

    select schedule_id from judged
    where row_state = 'current' and (is_empty or is_unknown_zone)

),

final as (

    select
        judged._row_id,
        judged.is_empty,
        judged.is_unknown_zone,
        judged.is_in_two_zones
        and voided.schedule_id is null
        and not (judged.is_empty or judged.is_unknown_zone) as is_in_two_zones,
        voided.schedule_id is not null and not (judged.is_empty or judged.is_unknown_zone) as is_void
    from judged
    left join voided
        on judged.schedule_id = voided.schedule_id

)

select * from final
