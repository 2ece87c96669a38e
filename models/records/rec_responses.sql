{% call resolve_rows('survey', 'responses', references={
    'survey.surveys': ref('rec_surveys'),
    'survey.invitations': ref('rec_invitations'),
    'crm.accounts': ref('rec_accounts'),
    'crm.contacts': ref('rec_contacts'),
    'crm.users': ref('rec_users'),
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
    left join {{ ref('rec_surveys') }} as surveys
        on records.survey_id = surveys.survey_id

{% endcall %}
