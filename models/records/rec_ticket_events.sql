{{ record_rows('support', 'ticket_events', references=['support.tickets', 'crm.users', 'support.schedules']) }}
