{% call record_rows('support', 'schedules', faults=[
    ('schedule_id', 'bad_schedule', 'examined.is_void'),
    ('ends_minute', 'bad_value', 'examined.is_empty'),
    ('timezone', 'bad_value', 'examined.is_unknown_zone'),
    ('timezone', 'bad_schedule', 'examined.is_in_two_zones'),
]) %}

    select
        records.*,
        judged.is_void,
        judged.is_empty,
        judged.is_unknown_zone,
        judged.is_in_two_zones
    from records
    inner join {{ ref('int_schedules__judged') }} as judged
        on records._row_id = judged._row_id

{% endcall %}
