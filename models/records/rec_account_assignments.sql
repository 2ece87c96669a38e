{{ record_rows('crm', 'account_assignments', references=['crm.accounts', 'crm.users']) }}
