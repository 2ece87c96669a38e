-- Guards M10 in docs/metrics.md: the closed lines of a month that still gets adjustments, plus its adjustments, equal
-- the pay that the latest facts give.
with

adjusted_periods as (

    select period
    from {{ ref('ledger_closes') }}
    where is_adjustable

    union all

    select period
    from {{ ref('comp_new_closes') }}

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
    from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

)

select
    amounts.period,
    amounts.user_id,
    sum(amounts.amount) as difference
from amounts
inner join adjusted_periods
    on amounts.period = adjusted_periods.period
group by amounts.period, amounts.user_id
having sum(amounts.amount) <> 0
