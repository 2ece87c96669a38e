{{ land_rows('product', 'usage_days') }}
