{{ stage_rows('support', 'tickets') }}
