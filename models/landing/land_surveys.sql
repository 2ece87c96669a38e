{{ stage_rows('survey', 'surveys') }}
