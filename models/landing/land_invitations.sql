{{ stage_rows('survey', 'invitations') }}
