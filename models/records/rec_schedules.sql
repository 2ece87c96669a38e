{% call resolve_rows('support', 'schedules') %}

    select
        records.*,
        case
            when records.ends_minute <= records.starts_minute then 'ends_minute'
            when zones.timezone is null or schedules.zone_count > 1 then 'timezone'
        end as fault_column,
        case
            when records.ends_minute <= records.starts_minute then 'bad_value'
            when zones.timezone is null or schedules.zone_count > 1 then 'bad_value'
        end as fault_reason
    from records
    left join ({{ time_zone_names() }}) as zones
        on records.timezone = zones.timezone
    left join (
        select
            schedule_id,
            count(distinct timezone) as zone_count
        from records
        where row_state = 'current'
        group by schedule_id
    ) as schedules
        on records.schedule_id = schedules.schedule_id

{% endcall %}
