{{ record_rows('survey', 'surveys') }}
