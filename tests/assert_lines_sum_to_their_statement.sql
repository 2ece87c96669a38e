-- Guards M10 in docs/metrics.md: the cents of the lines of a statement sum to its total, which is rounded once.
with

lines as (

    select * from {{ ref('comp_computed_lines') }}

),

terms as (

    select * from {{ ref('comp_terms') }}

),

statements as (

    select
        lines.scenario,
        lines.period,
        lines.user_id,
        lines.plan_id,
        lines.plan_version,
        max(terms.month_days) as month_days,
        sum(lines.payout) * max(terms.month_days) as payout_days,
        sum(terms.target_pay_days * lines.weight * lines.attainment) as attained_payout_days,
        sum(terms.target_pay_days * lines.weight + terms.month_days) * 0.0000000000005 as rounded_off
    from lines
    inner join terms
        on
            lines.scenario = terms.scenario
            and lines.period = terms.period
            and lines.user_id = terms.user_id
            and lines.plan_id = terms.plan_id
            and lines.plan_version = terms.plan_version
            and lines.metric_name = terms.metric_name
    group by lines.scenario, lines.period, lines.user_id, lines.plan_id, lines.plan_version

)

-- Both sides are multiplied by the days of the month, so that nothing is divided: with a division, an exact half of a
-- cent could come out as more than half a cent. The attainment that is shown and the line are rounded to 12 decimals,
-- which rounded_off allows for.
select * from statements
where abs(payout_days - attained_payout_days) > 0.005 * month_days + rounded_off
