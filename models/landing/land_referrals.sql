{{ land_rows('crm', 'referrals') }}
