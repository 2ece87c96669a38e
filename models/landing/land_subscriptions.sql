{{ stage_rows('crm', 'subscriptions') }}
