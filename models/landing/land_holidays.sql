{{ stage_rows('support', 'holidays') }}
