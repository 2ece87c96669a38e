with

copies as (

    select * from {{ ref('ledger_copies') }}

),

ranked as (

    select
        *,
        row_number() over (partition by period order by copy_name) as copy_number
    from copies

),

-- Any copy will do, because a test on ledger_copies stops the build if two copies of a month differ.
final as (

    select
        copy_name,
        period,
        closed_at,
        closed_by,
        as_of,
        line_count,
        payout_total,
        content_sha256,
        definitions_version,
        -- A month that older definitions computed is not adjusted, because present definitions would change its pay
        -- even if no fact had changed.
        definitions_version = {{ definitions_version() }}
        and period >= {{ dbt.dateadd('month', 1 - var('clawback_months'), 'max(period) over ()') }} as is_adjustable
    from ranked
    where copy_number = 1

)

select * from final
