{{ land_rows('crm', 'users') }}
