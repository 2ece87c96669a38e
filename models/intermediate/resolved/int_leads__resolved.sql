{{ resolve_rows('crm', 'leads', references={
    'crm.campaigns': ref('int_campaigns__resolved'),
    'crm.users': ref('int_users__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'crm.accounts': ref('int_accounts__resolved'),
}) }}
