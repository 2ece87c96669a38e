{{ resolve_rows('crm', 'referrals', references={
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'crm.leads': ref('int_leads__resolved'),
}) }}
