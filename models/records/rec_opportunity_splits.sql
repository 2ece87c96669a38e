{% call record_rows('crm', 'opportunity_splits', references=['crm.opportunities', 'crm.users'],
    computed=['scaled_share'], faults=[('share', 'bad_split', 'examined.is_bad_split')]) %}

    select
        records.*,
        coalesce(abs(1 - scaled.team_share) > 0.0001, false) as is_bad_split,
        scaled.scaled_share
    from records
    left join {{ ref('int_opportunity_splits__scaled') }} as scaled
        on records._row_id = scaled._row_id

{% endcall %}
