-- Guards input_reconciliation: quarantined_rows contains exactly the faulty rows that are counted, each as often as it
-- arrived.
with

reconciliation as (

    select * from {{ ref('input_reconciliation') }}

),

quarantined as (

    select * from {{ ref('quarantined_rows') }}

),

kept as (

    select
        input_table,
        count(*) as kept_count
    from quarantined
    group by input_table

),

final as (

    select
        coalesce(reconciliation.input_table, kept.input_table) as input_table,
        coalesce(reconciliation.quarantined, 0) as counted,
        coalesce(kept.kept_count, 0) as kept_count
    from reconciliation
    full outer join kept
        on reconciliation.input_table = kept.input_table

)

select * from final
where counted <> kept_count
