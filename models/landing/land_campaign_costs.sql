{{ land_rows('crm', 'campaign_costs') }}
