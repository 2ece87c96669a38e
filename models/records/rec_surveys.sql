{% call resolve_rows('survey', 'surveys') %}

    select
        *,
        case when scale_min >= scale_max then 'scale_min' end as fault_column,
        case when scale_min >= scale_max then 'bad_value' end as fault_reason
    from records

{% endcall %}
