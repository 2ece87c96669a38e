{{ land_rows('support', 'tickets') }}
