{{ stage_rows('support', 'schedules') }}
