{{ record_rows('crm', 'exchange_rates') }}
