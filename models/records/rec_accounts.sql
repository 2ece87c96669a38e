{{ record_rows('crm', 'accounts') }}
