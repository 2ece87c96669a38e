with

ledger_closes as (

    select * from {{ ref('ledger_closes') }}

),

newly_closed as (

    select * from {{ ref('comp_newly_closed') }}

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
        newly_closed.period,
        newly_closed.closed_at,
        newly_closed.closed_by,
        {{ as_of() }} as as_of,
        coalesce(contents.line_count, 0) as line_count,
        coalesce(contents.payout_total, 0) as payout_total,
        coalesce(contents.content_sha256, {{ sha256("''") }}) as content_sha256,
        {{ definitions_version() }} as definitions_version
    from newly_closed
    left join contents
        on newly_closed.period = contents.period

)

select * from final
