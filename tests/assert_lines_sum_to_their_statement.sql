-- Guards M10: the cents of a statement's lines sum to its total, which is rounded once.
with

lines as (

    select * from {{ ref('comp_latest_lines') }}

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
        sum(lines.payout) as payout,
        sum(cast(lines.weight * lines.attainment as {{ double_type() }})) * max(
            cast(terms.target_pay_days as {{ double_type() }}) / terms.month_days
        ) as exact_payout
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

select * from statements
where abs(payout - exact_payout) > 0.005000001
