with

adjustments as (

    select * from {{ source('ledger', 'adjustments') }}

),

closes as (

    select * from {{ ref('ledger_closes') }}

),

final as (

    select
        {%- for column in adjustment_columns() %}
        adjustments.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from adjustments
    inner join closes
        on adjustments.period = closes.period and adjustments.copy_name = closes.copy_name

)

select * from final
