with

closed_lines as (

    select * from {{ ref('comp_closed_lines') }}

),

closes as (

    select * from {{ ref('comp_period_closes') }}

),

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

),

final as (

    select
        {{ closed_line_columns() | join(',\n        ') }},
        true as is_closed
    from closed_lines

    union all

    select
        computed_lines.{{ closed_line_columns() | join(',\n        computed_lines.') }},
        false as is_closed
    from computed_lines
    left join closes
        on computed_lines.period = closes.period
    where closes.period is null

)

select * from final
