{{ resolve_rows('crm', 'account_assignments', references={
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.users': ref('int_users__resolved'),
}) }}
