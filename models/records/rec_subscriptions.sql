{% call resolve_rows('crm', 'subscriptions', references={
    'crm.accounts': ref('rec_accounts'),
    'crm.products': ref('rec_products'),
}, computed=['reporting_amount']) %}

    select
        records.*,
        {{ rate_fault('records.monthly_amount', 'records.currency_code', 'rates') }},
        {{ convert_money('records.monthly_amount', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.started_on = rates.rated_on

{% endcall %}
