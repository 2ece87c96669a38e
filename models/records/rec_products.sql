{{ resolve_rows('crm', 'products') }}
