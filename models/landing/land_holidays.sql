{{ land_rows('support', 'holidays') }}
