{{ resolve_rows('support', 'ticket_events', references={
    'support.tickets': ref('rec_tickets'),
    'crm.users': ref('rec_users'),
}) }}
