{{ land_rows('crm', 'leads') }}
