{{ stage_rows('crm', 'leads') }}
