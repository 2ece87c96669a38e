{{ stage_rows('crm', 'referrals') }}
