{{ stage_rows('crm', 'accounts') }}
