{{ stage_rows('crm', 'opportunities') }}
