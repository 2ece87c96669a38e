{{ stage_rows('product', 'usage_days') }}
