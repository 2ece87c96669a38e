{% call resolve_rows('crm', 'opportunities', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.users': ref('rec_users'),
    'crm.leads': ref('rec_leads'),
    'crm.campaigns': ref('rec_campaigns'),
}, computed=['reporting_amount']) %}

    select
        records.*,
        {{ rate_fault('records.amount', 'records.currency_code', 'rates') }},
        {{ convert_money('records.amount', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and {{ local_day('records.created_at') }} = rates.rated_on

{% endcall %}
