{{ config(materialized='view') }}

with

closed_periods as (

    select * from {{ ref('closed_periods') }}

),

ledger_closes as (

    select * from {{ ref('ledger_closes') }}

),

-- a close after as_of is not known yet, so it does not close its month
final as (

    select
        closed_periods.period,
        closed_periods.closed_at,
        closed_periods.closed_by
    from closed_periods
    left join ledger_closes
        on closed_periods.period = ledger_closes.period
    where
        ledger_closes.period is null
        and closed_periods.closed_at <= {{ as_of() }}

)

select * from final
