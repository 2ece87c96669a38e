with

closed_lines as (

    select * from {{ ref('comp_closed_lines') }}

),

closes as (

    select * from {{ ref('comp_period_closes') }}

),

latest_lines as (

    select * from {{ ref('comp_latest_lines') }}
    where scenario = 'actual'

),

final as (

    select
        {{ closed_line_columns() | join(',\n        ') }},
        true as is_closed
    from closed_lines

    union all

    select
        latest_lines.{{ closed_line_columns() | join(',\n        latest_lines.') }},
        false as is_closed
    from latest_lines
    left join closes
        on latest_lines.period = closes.period
    where closes.period is null

)

select * from final
