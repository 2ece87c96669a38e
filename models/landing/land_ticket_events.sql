{{ stage_rows('support', 'ticket_events') }}
