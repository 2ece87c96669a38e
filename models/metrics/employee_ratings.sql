with

means as (

    select * from {{ ref('employee_rating_means') }}

),

teams as (

    select
        *,
        count(*) over (partition by team, survey_type) as team_users,
        cast(sum(n_customers) over (partition by team, survey_type) as bigint) as team_customers,
        {{ score_quotient(
            'sum(sum_of_means) over (partition by team, survey_type)',
            'sum(n_customers) over (partition by team, survey_type)',
        ) }} as team_mean
    from means

),

variances as (

    select
        *,
        {{ rate_quotient('squares', 'n_customers - 1') }} as sample_variance,
        {{ rate_quotient(
            'sum(squares) over (partition by team, survey_type)',
            'team_customers - team_users',
        ) }} as expected_process_variance,
        cast(sum(n_customers * {{ squared_distance('raw_mean', 'team_mean') }}) over (
            partition by team, survey_type
        ) as {{ double_type() }}) as squares_between,
        team_customers - {{ rate_quotient(
            'sum(n_customers * n_customers) over (partition by team, survey_type)',
            'team_customers',
        ) }} as effective_customers
    from teams

),

excesses as (

    select
        *,
        squares_between - (team_users - 1) * expected_process_variance as squares_in_excess
    from variances

),

-- what is left of a difference after rounding is no variance
hypothetical_means as (

    select
        *,
        case
            when team_users = 1 then null
            when squares_in_excess <= 1e-12 * team_customers then 0
            else squares_in_excess / effective_customers
        end as variance_of_hypothetical_means
    from excesses

),

weighed as (

    select
        *,
        case
            when variance_of_hypothetical_means > 0
                then n_customers / (n_customers + expected_process_variance / variance_of_hypothetical_means)
            else 0
        end as credibility
    from hypothetical_means

),

scored as (

    select
        *,
        credibility * raw_mean + (1 - credibility) * team_mean as credible_score,
        {{ z_95() }} * sqrt(case
            when variance_of_hypothetical_means > 0 then (1 - credibility) * variance_of_hypothetical_means
            else expected_process_variance / team_customers
        end) as margin,
        n_customers >= {{ var('rating_min_customers') }} as is_payable
    from weighed

),

final as (

    select
        user_id,
        team,
        survey_type,
        ratings,
        n_customers,
        cast(raw_mean as {{ double_type() }}) as raw_mean,
        sample_variance,
        team_users,
        team_customers,
        cast(team_mean as {{ double_type() }}) as team_mean,
        expected_process_variance,
        variance_of_hypothetical_means,
        credibility,
        credible_score,
        credible_score - margin as ci_low,
        credible_score + margin as ci_high,
        is_payable,
        case when is_payable then credible_score else team_mean end as payable_score,
        case
            when is_payable then rank() over (
                partition by team, survey_type, is_payable
                order by cast(credible_score as {{ score_type() }}) desc
            )
        end as rating_rank,
        invited_customers,
        silent_customers,
        {{ rate_quotient('invited_customers - silent_customers', 'invited_customers') }} as response_rate,
        {{ rate_quotient('sum_of_means', 'n_customers + silent_customers') }} as worst_case_mean,
        {{ rate_quotient('sum_of_means + silent_customers', 'n_customers + silent_customers') }} as best_case_mean,
        {{ nps('promoters', 'detractors', 'n_customers') }} as nps,
        {{ nps_bound('-', 'promoters', 'detractors', 'n_customers') }} as nps_ci_low,
        {{ nps_bound('+', 'promoters', 'detractors', 'n_customers') }} as nps_ci_high
    from scored

)

select * from final
