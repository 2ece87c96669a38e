{{ resolve_rows('crm', 'outcomes', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.opportunities': ref('rec_opportunities'),
}) }}
