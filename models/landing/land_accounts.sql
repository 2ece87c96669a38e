{{ land_rows('crm', 'accounts') }}
