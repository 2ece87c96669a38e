{{ record_rows('crm', 'outcomes', references=['crm.accounts', 'crm.opportunities']) }}
