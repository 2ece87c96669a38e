{{ land_rows('crm', 'products') }}
