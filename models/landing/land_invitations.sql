{{ land_rows('survey', 'invitations') }}
