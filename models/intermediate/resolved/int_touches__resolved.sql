{{ resolve_rows('crm', 'touches', references={
    'crm.users': ref('int_users__resolved'),
    'crm.campaigns': ref('int_campaigns__resolved'),
    'crm.leads': ref('int_leads__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.opportunities': ref('int_opportunities__resolved'),
}) }}
