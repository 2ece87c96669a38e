with

ledger_closes as (

    select * from {{ ref('ledger_closes') }}

),

ledger_lines as (

    select * from {{ ref('ledger_lines') }}

),

ledger_adjustments as (

    select * from {{ ref('ledger_adjustments') }}

),

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

),

disputes as (

    select * from {{ ref('disputes') }}

),

-- the month after the latest month that earlier builds closed; null if they closed none
next_open as (

    select cast({{ dbt.dateadd('month', 1, 'max(period)') }} as date) as period
    from ledger_closes

),

-- Payouts by the latest knowledge are positive, closed payouts and earlier adjustments are negative. Their sum is the
-- amount that is still due.
differences as (

    select
        computed_lines.period as original_period,
        computed_lines.user_id,
        computed_lines.plan_id,
        computed_lines.plan_version,
        computed_lines.metric_name,
        computed_lines.payout as amount
    from computed_lines

    union all

    select
        period as original_period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        -payout as amount
    from ledger_lines

    union all

    select
        original_period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        -amount as amount
    from ledger_adjustments
    where dispute_id is null

),

late_knowledge as (

    select
        next_open.period,
        differences.original_period,
        differences.user_id,
        differences.plan_id,
        differences.plan_version,
        differences.metric_name,
        sum(differences.amount) as amount
    from differences
    inner join ledger_closes
        on differences.original_period = ledger_closes.period
    cross join next_open
    where ledger_closes.is_adjustable
    group by
        next_open.period,
        differences.original_period,
        differences.user_id,
        differences.plan_id,
        differences.plan_version,
        differences.metric_name
    having sum(differences.amount) <> 0

),

paid_disputes as (

    select
        dispute_id,
        sum(amount) as amount
    from ledger_adjustments
    where dispute_id is not null
    group by dispute_id

),

decided as (

    select
        disputes.*,
        case
            when disputes.decision = 'accepted' and disputes.decided_on <= {{ local_day(as_of()) }} then disputes.amount
            else 0
        end - coalesce(paid_disputes.amount, 0) as amount_due
    from disputes
    left join paid_disputes
        on disputes.dispute_id = paid_disputes.dispute_id

),

final as (

    select
        period,
        original_period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        cast(null as {{ dbt.type_string() }}) as dispute_id,
        amount,
        'late knowledge' as reason
    from late_knowledge

    union all

    select
        coalesce(next_open.period, decided.period) as period,
        decided.period as original_period,
        decided.user_id,
        null as plan_id,
        null as plan_version,
        decided.metric_name,
        decided.dispute_id,
        decided.amount_due as amount,
        'dispute ' || decided.dispute_id || ' ' || decided.decision as reason
    from decided
    cross join next_open
    where decided.amount_due <> 0

)

select * from final
