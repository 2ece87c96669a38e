{{ land_rows('survey', 'responses') }}
