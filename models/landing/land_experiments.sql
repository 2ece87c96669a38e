{{ land_rows('crm', 'experiments') }}
