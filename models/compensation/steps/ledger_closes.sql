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
        definitions_version
    from ranked
    where copy_number = 1

)

select * from final
