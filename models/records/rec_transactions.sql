{% call record_rows('crm', 'transactions',
    references=['crm.accounts', 'crm.contacts', 'crm.opportunities', 'crm.products'],
    computed=['exchange_rate', 'reporting_amount'], faults=money_faults('amount')) %}

    select
        dated.*,
        {{ lacks_rate('dated.amount', 'dated.currency_code', 'rates') }} as lacks_rate,
        {{ conversion_factor('dated.currency_code', 'rates') }} as exchange_rate,
        {{ convert_money('dated.amount', 'dated.currency_code', 'rates') }} as reporting_amount
    from (
        select
            records.*,
            coalesce(reversals.original_on, {{ local_day('records.transacted_at') }}) as rated_on
        from records
        left join {{ ref('int_reversals__original_days') }} as reversals
            on records.transaction_id = reversals.transaction_id
    ) as dated
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on dated.currency_code = rates.currency_code and dated.rated_on = rates.rated_on

{% endcall %}
