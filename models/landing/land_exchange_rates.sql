{{ land_rows('crm', 'exchange_rates') }}
