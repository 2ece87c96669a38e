{{ land_rows('crm', 'opportunity_splits') }}
