{{ land_rows('crm', 'outcomes') }}
