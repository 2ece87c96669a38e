{{ record_rows('survey', 'invitations', references=['survey.surveys', 'crm.accounts', 'crm.contacts', 'crm.users']) }}
