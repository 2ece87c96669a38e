{{ stage_rows('crm', 'touches') }}
