{{ resolve_rows('product', 'usage_days', references={
    'crm.accounts': ref('rec_accounts'),
}) }}
