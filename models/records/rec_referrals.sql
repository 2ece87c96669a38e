{{ resolve_rows('crm', 'referrals', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.contacts': ref('rec_contacts'),
    'crm.leads': ref('rec_leads'),
}) }}
