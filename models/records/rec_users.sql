{{ record_rows('crm', 'users') }}
