{{ record_rows('crm', 'referrals', references=['crm.accounts', 'crm.contacts', 'crm.leads']) }}
