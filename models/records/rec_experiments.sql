{% call record_rows('crm', 'experiments',
    computed=['reporting_amount'], faults=money_faults('spend')) %}

    select
        records.*,
        {{ lacks_rate('records.spend', 'records.currency_code', 'rates') }} as lacks_rate,
        {{ convert_money('records.spend', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.ended_on = rates.rated_on

{% endcall %}
