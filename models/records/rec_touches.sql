{{ record_rows('crm', 'touches', references=[
    'crm.users',
    'crm.campaigns',
    'crm.leads',
    'crm.contacts',
    'crm.accounts',
    'crm.opportunities',
]) }}
