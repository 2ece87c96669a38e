with

terms as (

    select * from {{ ref('comp_terms') }}

),

metrics as (

    select * from {{ ref('metric_catalog') }}
    where is_paid

),

parts as (

    select * from {{ ref('metric_parts') }}
    where subject_type = 'employee'

),

payees as (

    select distinct
        scenario,
        period,
        user_id,
        team
    from terms

),

-- Without observations a metric that is a sum is 0, and every other metric is null.
figures as (

    select
        payees.scenario,
        payees.period,
        payees.user_id,
        payees.team,
        metrics.metric_name,
        metrics.kind,
        cast(case
            when metrics.kind = 'sum' then coalesce(parts.numerator, 0)
            when parts.n > 0 then parts.numerator
        end as {{ contribution_type() }}) as numerator,
        cast(case when parts.n > 0 then parts.denominator end as {{ contribution_type() }}) as denominator,
        coalesce(parts.n_customers, 0) as n_customers,
        parts.squares,
        -- Both parts are multiplied by 10 because the denominator of ppp_yield is 10 x lifetime value, so that both are
        -- cast to the same decimals as that denominator.
        {{ rate_quotient(
            'cast(10 * parts.seen as ' ~ contribution_type() ~ ')',
            'cast(10 * parts.population as ' ~ contribution_type() ~ ')',
        ) }} as coverage
    from payees
    cross join metrics
    left join parts
        on
            payees.period = parts.month
            and payees.user_id = parts.subject_id
            and metrics.metric_name = parts.metric_name

),

means as (

    select
        scenario,
        period,
        user_id,
        team,
        metric_name,
        n_customers,
        cast(numerator as {{ score_type() }}) as sum_of_means,
        {{ score_quotient('numerator', 'denominator') }} as raw_mean,
        {{ spread_of_scores('squares', 'numerator', 'n_customers') }} as squares
    from figures
    where kind = 'mean' and n_customers > 0

),

{{ credibility(['scenario', 'period', 'team', 'metric_name']) }},

-- A payee whose customers did not answer is paid at the mean of the team's payees, so every row of the team needs that
-- mean.
valued as (

    select
        figures.*,
        case
            when figures.kind = 'sum' then cast(figures.numerator as {{ score_type() }})
            else {{ score_quotient('figures.numerator', 'figures.denominator') }}
        end as raw_value,
        credible.credibility,
        credible.payable_score,
        coalesce(max(credible.team_customers) over peers, 0) as peers_customers,
        max(credible.team_mean) over peers as peers_mean,
        coalesce(credible.is_payable, false) as is_credible
    from figures
    left join credible
        on
            figures.scenario = credible.scenario
            and figures.period = credible.period
            and figures.user_id = credible.user_id
            and figures.metric_name = credible.metric_name
    window peers as (partition by figures.scenario, figures.period, figures.team, figures.metric_name)

),

final as (

    select
        scenario,
        period,
        user_id,
        team,
        metric_name,
        cast(numerator as {{ score_type() }}) as numerator,
        cast(denominator as {{ score_type() }}) as denominator,
        n_customers,
        raw_value,
        credibility,
        case
            when kind = 'mean'
                then cast(coalesce(payable_score, cast(peers_mean as {{ double_type() }})) as {{ score_type() }})
            when kind <> 'sum' and denominator <> 0 and least(numerator, denominator) < 0 then 0
            else raw_value
        end as payable_value,
        coverage,
        case
            when kind = 'mean' then is_credible
            else coalesce(kind = 'sum' or denominator <> 0, false)
        end as is_payable,
        peers_customers,
        peers_mean
    from valued

)

select * from final
