{{ record_rows('crm', 'contacts', references=['crm.accounts']) }}
