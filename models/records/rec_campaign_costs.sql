{% call resolve_rows('crm', 'campaign_costs', references={
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
            and records.cost_on = rates.rated_on

{% endcall %}
