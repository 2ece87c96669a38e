-- Guards the 7 steps of a row (models/sources/_crm__sources.yml): every row received is counted in exactly one state,
-- and every input table is listed.
with

reconciliation as (

    select * from {{ ref('input_reconciliation') }}

),

contracted as (

    {% for table in input_tables() %}
    select '{{ table }}' as input_table
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        contracted.input_table,
        reconciliation.received,
        reconciliation.accepted
        + reconciliation.superseded
        + reconciliation.deleted
        + reconciliation.excluded
        + reconciliation.future
        + reconciliation.quarantined as counted
    from contracted
    left join reconciliation
        on contracted.input_table = reconciliation.input_table

)

select * from final
where received is distinct from counted or counted is null
