{{ stage_rows('crm', 'campaign_costs') }}
