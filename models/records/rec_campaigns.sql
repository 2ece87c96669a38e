{{ resolve_rows('crm', 'campaigns', references={
    'crm.users': ref('rec_users'),
}) }}
