{{ stage_rows('crm', 'users') }}
