{{ stage_rows('survey', 'responses') }}
