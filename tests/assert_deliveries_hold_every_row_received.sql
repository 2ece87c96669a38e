-- Guards deliveries: the rows of a table's files are the rows received of the table. A plain dbt build of a warehouse
-- without input knows no files.
with

delivered as (

    select
        input_table,
        sum(rows) as rows_delivered
    from {{ ref('deliveries') }}
    group by input_table

),

reconciliation as (

    select * from {{ ref('input_reconciliation') }}

),

final as (

    select
        reconciliation.input_table,
        reconciliation.received,
        coalesce(delivered.rows_delivered, 0) as rows_delivered
    from reconciliation
    left join delivered
        on reconciliation.input_table = delivered.input_table
    where (select count(*) from {{ ref('deliveries') }}) > 0

)

select * from final
where received <> rows_delivered
