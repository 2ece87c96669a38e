{{ record_rows('crm', 'user_teams', references=['crm.users']) }}
