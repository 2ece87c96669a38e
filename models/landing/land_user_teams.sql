{{ land_rows('crm', 'user_teams') }}
