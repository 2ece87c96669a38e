{{ resolve_rows('product', 'usage_days', references={
    'crm.accounts': ref('int_accounts__resolved'),
}) }}
