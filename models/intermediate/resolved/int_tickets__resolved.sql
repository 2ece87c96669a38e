{{ resolve_rows('support', 'tickets', references={
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.contacts': ref('int_contacts__resolved'),
    'support.schedules': ref('int_schedules__resolved'),
}) }}
