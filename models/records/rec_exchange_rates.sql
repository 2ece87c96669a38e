{{ resolve_rows('crm', 'exchange_rates') }}
