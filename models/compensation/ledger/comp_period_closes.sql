with

ledger_closes as (

    select * from {{ ref('ledger_closes') }}

),

new_closes as (

    select * from {{ ref('comp_new_closes') }}

),

closed_lines as (

    select * from {{ ref('comp_closed_lines') }}

),

closed_adjustments as (

    select * from {{ ref('comp_adjustments') }}
    where is_closed

),

{{ closed_contents(['period']) }},

final as (

    select
        period,
        closed_at,
        closed_by,
        as_of,
        line_count,
        payout_total,
        content_sha256,
        definitions_version
    from ledger_closes

    union all

    select
        new_closes.period,
        new_closes.closed_at,
        new_closes.closed_by,
        {{ as_of() }} as as_of,
        coalesce(contents.line_count, 0) as line_count,
        coalesce(contents.payout_total, 0) as payout_total,
        coalesce(contents.content_sha256, {{ sha256("''") }}) as content_sha256,
        {{ definitions_version() }} as definitions_version
    from new_closes
    left join contents
        on new_closes.period = contents.period

)

select * from final
