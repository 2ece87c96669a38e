{{ resolve_rows('crm', 'touches', references={
    'crm.users': ref('rec_users'),
    'crm.campaigns': ref('rec_campaigns'),
    'crm.leads': ref('rec_leads'),
    'crm.contacts': ref('rec_contacts'),
    'crm.accounts': ref('rec_accounts'),
    'crm.opportunities': ref('rec_opportunities'),
}) }}
