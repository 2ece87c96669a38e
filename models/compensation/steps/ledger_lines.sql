with

closed_lines as (

    select * from {{ source('ledger', 'closed_lines') }}

),

closes as (

    select * from {{ ref('ledger_closes') }}

),

final as (

    select closed_lines.{{ closed_line_columns() | join(', closed_lines.') }}
    from closed_lines
    inner join closes
        on closed_lines.period = closes.period and closed_lines.copy_name = closes.copy_name

)

select * from final
