{{ land_rows('crm', 'transactions') }}
