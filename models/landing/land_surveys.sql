{{ land_rows('survey', 'surveys') }}
