{{ record_rows('product', 'usage_days', references=['crm.accounts']) }}
