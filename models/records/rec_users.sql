{{ resolve_rows('crm', 'users') }}
