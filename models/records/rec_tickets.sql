{{ record_rows('support', 'tickets', references=['crm.accounts', 'crm.contacts', 'support.schedules']) }}
