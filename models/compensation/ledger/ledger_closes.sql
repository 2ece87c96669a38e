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

-- all copies say the same, or the build stops here
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
        -- late knowledge adjusts the last months, as far as today's definitions computed them
        definitions_version = {{ definitions_version() }}
        and period >= {{ dbt.dateadd('month', 1 - var('clawback_months'), 'max(period) over ()') }} as is_adjustable
    from ranked
    where copy_number = 1

)

select * from final
