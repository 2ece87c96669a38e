{{ land_rows('support', 'ticket_events') }}
