{{ resolve_rows('crm', 'campaigns', references={
    'crm.users': ref('int_users__resolved'),
}) }}
