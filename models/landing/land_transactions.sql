{{ stage_rows('crm', 'transactions') }}
