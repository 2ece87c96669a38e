with

ledger_lines as (

    select * from {{ ref('ledger_lines') }}

),

new_closes as (

    select * from {{ ref('comp_new_closes') }}

),

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

),

final as (

    select {{ closed_line_columns() | join(', ') }}
    from ledger_lines

    union all

    select computed_lines.{{ closed_line_columns() | join(', computed_lines.') }}
    from computed_lines
    inner join new_closes
        on computed_lines.period = new_closes.period

)

select * from final
