{{ resolve_rows('survey', 'invitations', references={
    'survey.surveys': ref('rec_surveys'),
    'crm.accounts': ref('rec_accounts'),
    'crm.contacts': ref('rec_contacts'),
    'crm.users': ref('rec_users'),
}) }}
