{{ land_rows('crm', 'touches') }}
