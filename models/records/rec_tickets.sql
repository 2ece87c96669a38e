{{ resolve_rows('support', 'tickets', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.contacts': ref('rec_contacts'),
    'support.schedules': ref('rec_schedules'),
}) }}
