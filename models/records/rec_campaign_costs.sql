{% call record_rows('crm', 'campaign_costs', references=['crm.campaigns'],
    computed=['reporting_amount'], faults=money_faults('amount')) %}

    select
        records.*,
        {{ lacks_rate('records.amount', 'records.currency_code', 'rates') }} as lacks_rate,
        {{ convert_money('records.amount', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.cost_on = rates.rated_on

{% endcall %}
