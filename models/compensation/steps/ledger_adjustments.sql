with

adjustments as (

    select * from {{ source('ledger', 'adjustments') }}

),

closes as (

    select * from {{ ref('ledger_closes') }}

),

final as (

    select adjustments.{{ adjustment_columns() | join(', adjustments.') }}
    from adjustments
    inner join closes
        on adjustments.period = closes.period and adjustments.copy_name = closes.copy_name

)

select * from final
