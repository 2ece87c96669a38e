{{ stage_rows('crm', 'products') }}
