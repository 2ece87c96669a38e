{% call resolve_rows('crm', 'campaign_costs', references={'crm.campaigns': ref('int_campaigns__resolved')}, computed=['reporting_amount']) %}

    select
        records.*,
        case when {{ lacks_rate('records.currency_code', 'rates') }} then 'currency_code' end as fault_column,
        case when {{ lacks_rate('records.currency_code', 'rates') }} then 'missing_exchange_rate' end as fault_reason,
        {{ convert_money('records.amount', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.cost_on = rates.rated_on

{% endcall %}
