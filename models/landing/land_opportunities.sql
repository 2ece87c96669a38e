{{ land_rows('crm', 'opportunities') }}
