{% call resolve_rows('crm', 'experiments', computed=['reporting_amount']) %}

    select
        records.*,
        {{ rate_fault('records.spend', 'records.currency_code', 'rates') }},
        {{ convert_money('records.spend', 'records.currency_code', 'rates') }} as reporting_amount
    from records
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on
            records.currency_code = rates.currency_code
            and records.ended_on = rates.rated_on

{% endcall %}
