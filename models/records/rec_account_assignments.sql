{{ resolve_rows('crm', 'account_assignments', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.users': ref('rec_users'),
}) }}
