{{ stage_rows('crm', 'opportunity_splits') }}
