{{ record_rows('crm', 'products') }}
