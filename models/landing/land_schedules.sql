{{ land_rows('support', 'schedules') }}
