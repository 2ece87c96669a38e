with

ledger_lines as (

    select * from {{ ref('ledger_lines') }}

),

newly_closed as (

    select * from {{ ref('comp_newly_closed') }}

),

latest_lines as (

    select * from {{ ref('comp_latest_lines') }}
    where scenario = 'actual'

),

final as (

    select {{ closed_line_columns() | join(', ') }}
    from ledger_lines

    union all

    select latest_lines.{{ closed_line_columns() | join(', latest_lines.') }}
    from latest_lines
    inner join newly_closed
        on latest_lines.period = newly_closed.period

)

select * from final
