{{ record_rows('crm', 'leads', references=['crm.campaigns', 'crm.users', 'crm.contacts', 'crm.accounts']) }}
