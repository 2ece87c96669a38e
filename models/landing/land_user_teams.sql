{{ stage_rows('crm', 'user_teams') }}
