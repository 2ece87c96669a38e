{% call record_rows('crm', 'opportunities', references=['crm.accounts', 'crm.users', 'crm.leads', 'crm.campaigns'],
    computed=['reporting_amount'], faults=money_faults('amount')) %}

    select
        dated.*,
        {{ lacks_rate('dated.amount', 'dated.currency_code', 'rates') }} as lacks_rate,
        {{ convert_money('dated.amount', 'dated.currency_code', 'rates') }} as reporting_amount
    from (
        select
            *,
            {{ local_day('coalesce(
                created_at, case when closed_at <= ' ~ as_of() ~ ' then closed_at end, ' ~ as_of() ~ '
            )') }} as rated_on
        from records
    ) as dated
    left join {{ ref('int_exchange_rates__daily') }} as rates
        on dated.currency_code = rates.currency_code and dated.rated_on = rates.rated_on

{% endcall %}
