with

stated_lines as (

    select * from {{ ref('comp_statement_lines') }}

),

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

),

adjustments as (

    select * from {{ ref('comp_adjustments') }}
    where dispute_id is null

),

closes as (

    select * from {{ ref('comp_period_closes') }}

),

input_checks as (

    select * from {{ ref('comp_input_checks') }}

),

statements as (

    select
        period,
        user_id,
        plan_id,
        plan_version,
        sum(
            cast(target_pay as {{ double_type() }}) * cast(proration as {{ double_type() }})
            * cast(weight * attainment as {{ double_type() }})
        ) as attained_pay,
        -- Rounding of the factors: target pay can be a mean over the month, in cents; proration and attainment have 12
        -- places.
        sum(0.005 * weight * attainment + 1e-12 * target_pay * weight * (1 + attainment)) as rounded_off,
        sum(payout) as payout
    from stated_lines
    group by period, user_id, plan_id, plan_version

),

payouts as (

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        payout as paid,
        0 as computed
    from stated_lines

    union all

    select
        original_period as period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        amount as paid,
        0 as computed
    from adjustments

    union all

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        0 as paid,
        payout as computed
    from computed_lines

),

-- Closed months that late knowledge no longer adjusts, because they are before the clawback window or were closed by
-- other definitions. Their pay may differ from the latest knowledge.
settled as (

    select period
    from closes
    where
        definitions_version <> {{ definitions_version() }}
        or period < (
            select {{ dbt.dateadd('month', 1 - var('clawback_months'), 'max(latest.period)') }}
            from closes as latest
        )

),

checks as (

    select
        period,
        user_id,
        plan_id,
        plan_version,
        null as metric_name,
        'statement' as step,
        'payouts of ' || plan_id || ' ' || plan_version
        || ' are target pay x weights x attainment x days, to the cent' as what,
        cast(cast(attained_pay as {{ money_type() }}) as {{ score_type() }}) as expected,
        cast(payout as {{ score_type() }}) as found,
        0.01 + rounded_off as tolerance
    from statements

    union all

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        'statement' as step,
        'payout of ' || plan_id || ' ' || plan_version
        || ' and its adjustments are what the latest knowledge pays' as what,
        cast(sum(computed) as {{ score_type() }}) as expected,
        cast(sum(paid) as {{ score_type() }}) as found,
        0 as tolerance
    from payouts
    where period not in (select settled.period from settled)
    group by period, user_id, plan_id, plan_version, metric_name

    union all

    select
        period,
        user_id,
        null as plan_id,
        null as plan_version,
        metric_name,
        step,
        what,
        expected,
        found,
        tolerance
    from input_checks

),

final as (

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        step,
        what,
        expected,
        found,
        coalesce(abs(found - expected) <= tolerance, found is null and expected is null) as is_equal
    from checks

)

select * from final
