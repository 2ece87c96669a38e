{% call record_rows('crm', 'subscriptions', references=['crm.accounts', 'crm.products'],
    computed=['reporting_amount'], faults=money_faults('monthly_amount')) %}

    select
        records.*,
        {{ lacks_rate('records.monthly_amount', 'records.currency_code', 'rates') }} as lacks_rate,
        {{ convert_money('records.monthly_amount', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.started_on = rates.rated_on

{% endcall %}
