{{ land_rows('crm', 'account_assignments') }}
