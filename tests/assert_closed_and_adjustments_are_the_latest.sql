-- Guards M10: what was closed, with its adjustments, is what the latest knowledge pays, within the clawback window.
with

next_open as (

    select cast({{ dbt.dateadd('month', 1, 'max(period)') }} as date) as period
    from {{ ref('ledger_closes') }}

),

closes as (

    select * from {{ ref('comp_period_closes') }}

),

amounts as (

    select
        period,
        user_id,
        payout as amount
    from {{ ref('comp_closed_lines') }}

    union all

    select
        original_period as period,
        user_id,
        amount
    from {{ ref('comp_adjustments') }}
    where dispute_id is null

    union all

    select
        period,
        user_id,
        -payout as amount
    from {{ ref('comp_latest_lines') }}
    where scenario = 'actual'

)

select
    amounts.period,
    amounts.user_id,
    sum(amounts.amount) as difference
from amounts
inner join closes
    on amounts.period = closes.period
cross join next_open
where
    next_open.period is null
    or {{ dbt.dateadd('month', -var('clawback_months'), 'next_open.period') }} <= amounts.period
group by amounts.period, amounts.user_id
having sum(amounts.amount) <> 0
