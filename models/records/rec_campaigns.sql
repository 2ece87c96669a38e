{{ record_rows('crm', 'campaigns', references=['crm.users']) }}
