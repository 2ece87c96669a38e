{{ stage_rows('crm', 'experiments') }}
