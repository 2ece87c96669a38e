{% call record_rows('survey', 'responses',
    references=['survey.surveys', 'survey.invitations', 'crm.accounts', 'crm.contacts', 'crm.users'],
    faults=[('score', 'out_of_range', 'examined.is_off_scale')]) %}

    select
        records.*,
        records.score not between surveys.scale_min and surveys.scale_max as is_off_scale
    from records
    left join {{ ref('rec_surveys') }} as surveys
        on records.survey_id = surveys.survey_id and surveys.row_state not in ('superseded', 'quarantined')

{% endcall %}
