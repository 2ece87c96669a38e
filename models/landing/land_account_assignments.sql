{{ stage_rows('crm', 'account_assignments') }}
