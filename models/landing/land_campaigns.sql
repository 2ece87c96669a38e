{{ land_rows('crm', 'campaigns') }}
