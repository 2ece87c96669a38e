{{ resolve_rows('crm', 'outcomes', references={
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.opportunities': ref('int_opportunities__resolved'),
}) }}
