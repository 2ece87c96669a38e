{% call resolve_rows('crm', 'opportunities', references={
    'crm.accounts': ref('int_accounts__resolved'),
    'crm.users': ref('int_users__resolved'),
    'crm.leads': ref('int_leads__resolved'),
    'crm.campaigns': ref('int_campaigns__resolved'),
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
