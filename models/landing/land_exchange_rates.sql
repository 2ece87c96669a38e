{{ stage_rows('crm', 'exchange_rates') }}
