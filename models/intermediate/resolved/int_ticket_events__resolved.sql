{{ resolve_rows('support', 'ticket_events', references={
    'support.tickets': ref('int_tickets__resolved'),
    'crm.users': ref('int_users__resolved'),
}) }}
