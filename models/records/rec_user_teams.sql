{{ resolve_rows('crm', 'user_teams', references={
    'crm.users': ref('rec_users'),
}) }}
