{{ stage_rows('crm', 'outcomes') }}
