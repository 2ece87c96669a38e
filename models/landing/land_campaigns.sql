{{ stage_rows('crm', 'campaigns') }}
