{% call resolve_rows('survey', 'responses', references={
    'survey.surveys': ref('int_surveys__resolved'),
    'survey.invitations': ref('int_invitations__resolved'),
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'crm.users': ref('int_users__resolved'),
}) %}

    select
        records.*,
        case
            when records.score not between surveys.scale_min and surveys.scale_max then 'score'
        end as fault_column,
        case
            when records.score not between surveys.scale_min and surveys.scale_max then 'out_of_range'
        end as fault_reason
    from records
    left join {{ ref('int_surveys__resolved') }} as surveys
        on records.survey_id = surveys.survey_id

{% endcall %}
