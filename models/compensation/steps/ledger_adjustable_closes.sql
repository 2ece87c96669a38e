{{ config(materialized='view') }}

with

closes as (

    select * from {{ ref('ledger_closes') }}

),

final as (

    select closes.period
    from closes
    where
        closes.definitions_version = {{ definitions_version() }}
        and closes.period >= (
            select {{ dbt.dateadd('month', 1 - var('clawback_months'), 'max(latest.period)') }}
            from closes as latest
        )

)

select * from final
