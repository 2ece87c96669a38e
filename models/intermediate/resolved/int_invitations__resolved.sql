{{ resolve_rows('survey', 'invitations', references={
    'survey.surveys': ref('int_surveys__resolved'),
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'crm.users': ref('int_users__resolved'),
}) }}
