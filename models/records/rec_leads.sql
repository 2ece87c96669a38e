{{ resolve_rows('crm', 'leads', references={
    'crm.campaigns': ref('rec_campaigns'),
    'crm.users': ref('rec_users'),
    'crm.contacts': ref('rec_contacts'),
    'crm.accounts': ref('rec_accounts'),
}) }}
