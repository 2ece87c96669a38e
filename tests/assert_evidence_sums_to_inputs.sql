-- Guards M10 in docs/metrics.md: the rows behind a figure add up to it. `outcomes trace` prints these rows, so that a
-- payout can be followed to transactions, outcomes, referrals and answers. Of satisfaction, each customer's answers are
-- one mean.
with

evidence as (

    select * from {{ ref('comp_evidence') }}

),

inputs as (

    select * from {{ ref('shared_comp_inputs') }}

),

payees as (

    select distinct
        period,
        user_id
    from inputs

),

customers as (

    select
        evidence.period,
        evidence.user_id,
        evidence.metric_name,
        evidence.account_id,
        -- a mean has fewer decimals than a sum; without the cast every customer's sum would be rounded to them
        case
            when evidence.metric_name = 'satisfaction'
                then cast(
                    {{ score_quotient('sum(evidence.numerator)', 'sum(evidence.denominator)') }}
                    as {{ contribution_type() }}
                )
            else sum(evidence.numerator)
        end as numerator,
        case when evidence.metric_name = 'satisfaction' then 1 else sum(evidence.denominator) end as denominator
    from evidence
    inner join payees
        on evidence.period = payees.period and evidence.user_id = payees.user_id
    group by evidence.period, evidence.user_id, evidence.metric_name, evidence.account_id

),

sums as (

    select
        period,
        user_id,
        metric_name,
        cast(sum(numerator) as decimal(38, 15)) as numerator,
        cast(sum(denominator) as decimal(38, 15)) as denominator,
        count(*) as n_customers
    from customers
    group by period, user_id, metric_name

),

final as (

    select
        coalesce(inputs.period, sums.period) as period,
        coalesce(inputs.user_id, sums.user_id) as user_id,
        coalesce(inputs.metric_name, sums.metric_name) as metric_name,
        inputs.numerator,
        sums.numerator as evidence_numerator,
        inputs.denominator,
        sums.denominator as evidence_denominator,
        inputs.n_customers,
        sums.n_customers as evidence_customers
    from inputs
    full outer join sums
        on
            inputs.period = sums.period
            and inputs.user_id = sums.user_id
            and inputs.metric_name = sums.metric_name

)

select * from final
where
    coalesce(numerator, 0) is distinct from coalesce(evidence_numerator, 0)
    or denominator is distinct from evidence_denominator
    or n_customers is distinct from coalesce(evidence_customers, 0)
