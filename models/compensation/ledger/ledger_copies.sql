with

closed_lines as (

    select * from {{ source('ledger', 'closed_lines') }}

),

closed_adjustments as (

    select * from {{ source('ledger', 'adjustments') }}

),

closes as (

    select * from {{ source('ledger', 'period_closes') }}

),

{{ closed_contents(['copy_name', 'period']) }},

final as (

    select
        closes.copy_name,
        closes.period,
        closes.closed_at,
        closes.closed_by,
        closes.as_of,
        closes.line_count,
        closes.payout_total,
        closes.content_sha256,
        coalesce(closes.definitions_version, 1) as definitions_version, -- closes by version 1 have no number
        coalesce(contents.line_count, 0) as found_line_count,
        coalesce(contents.payout_total, 0) as found_payout_total,
        coalesce(contents.content_sha256, {{ sha256("''") }}) as found_sha256
    from closes
    left join contents
        on closes.copy_name = contents.copy_name and closes.period = contents.period

)

select * from final
