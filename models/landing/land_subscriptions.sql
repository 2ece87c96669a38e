{{ land_rows('crm', 'subscriptions') }}
