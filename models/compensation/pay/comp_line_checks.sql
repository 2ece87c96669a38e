{{ config(materialized='view') }}

with

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}
    where scenario = 'actual'

),

inputs as (

    select * from {{ ref('shared_comp_inputs') }}

),

payouts as (

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        payout as paid,
        0 as latest
    from {{ ref('comp_statement_lines') }}

    union all

    select
        original_period as period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        amount as paid,
        0 as latest
    from {{ ref('comp_adjustments') }}
    where dispute_id is null

    union all

    select
        period,
        user_id,
        plan_id,
        plan_version,
        metric_name,
        0 as paid,
        payout as latest
    from computed_lines

),

-- a customer's answers are one mean, which has fewer decimals: without the cast it would round every customer's sum
customers as (

    select
        month as period,
        user_id,
        metric_name,
        account_id,
        case
            when metric_name = 'satisfaction'
                then cast({{ score_quotient('sum(amount)', 'count(*)') }} as {{ contribution_type() }})
            else sum(weight * cast(amount as {{ figure_type() }}))
        end as numerator
    from {{ ref('metric_evidence') }}
    group by month, user_id, metric_name, account_id

),

sums as (

    select
        period,
        user_id,
        metric_name,
        count(*) as n_customers,
        cast(sum(numerator) as {{ score_type() }}) as numerator
    from customers
    group by period, user_id, metric_name

),

compared as (

    select
        inputs.*,
        coalesce(sums.numerator, 0) as evidence_numerator,
        coalesce(sums.n_customers, 0) as evidence_customers
    from inputs
    left join sums
        on
            inputs.period = sums.period
            and inputs.user_id = sums.user_id
            and inputs.metric_name = sums.metric_name

),

-- what is learned of a month that is too old, or was closed by older definitions, is adjusted no more
settled as (

    select closes.period
    from {{ ref('comp_period_closes') }} as closes
    where
        closes.definitions_version <> {{ definitions_version() }}
        or closes.period < (
            select {{ dbt.dateadd('month', 1 - var('clawback_months'), 'max(latest.period)') }}
            from {{ ref('comp_period_closes') }} as latest
        )

),

checks as (

    select
        period,
        user_id,
        metric_name,
        'statement' as step,
        'payout of ' || plan_id || ' ' || plan_version
        || ' and its adjustments are what the latest knowledge pays' as what,
        cast(sum(latest) as {{ score_type() }}) as expected,
        cast(sum(paid) as {{ score_type() }}) as found
    from payouts
    where period not in (select settled.period from settled)
    group by period, user_id, plan_id, plan_version, metric_name

    union all

    select
        period,
        user_id,
        metric_name,
        'customers' as step,
        'customers sum to the numerator' as what,
        coalesce(numerator, 0) as expected,
        evidence_numerator as found
    from compared

    union all

    select
        period,
        user_id,
        metric_name,
        'customers' as step,
        'customers counted' as what,
        n_customers as expected,
        evidence_customers as found
    from compared

),

final as (

    select
        period,
        user_id,
        metric_name,
        step,
        what,
        expected,
        found,
        coalesce(found = expected, found is null and expected is null) as is_equal
    from checks

)

select * from final
