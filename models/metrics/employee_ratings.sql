with

means as (

    select * from {{ ref('employee_rating_means') }}

),

{{ credibility(['team', 'survey_type']) }},

final as (

    select
        user_id,
        team,
        survey_type,
        {{ local_day(as_of()) }} as known_on,
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
        payable_score,
        case
            when is_payable then rank() over (
                partition by team, survey_type, is_payable
                order by cast(credible_score as {{ score_type() }}) desc
            )
        end as rating_rank,
        invited_customers,
        silent_customers,
        {{ rate_quotient('invited_customers - silent_customers', 'invited_customers') }} as response_rate,
        -- without a request nobody knows who kept silent
        case
            when invited_customers > 0 then {{ rate_quotient('sum_of_means', 'n_customers + silent_customers') }}
        end as worst_case_mean,
        case
            when invited_customers > 0
                then {{ rate_quotient('sum_of_means + silent_customers', 'n_customers + silent_customers') }}
        end as best_case_mean,
        {{ nps('promoters', 'detractors', 'n_customers') }} as nps,
        {{ nps_bound('-', 'promoters', 'detractors', 'n_customers') }} as nps_ci_low,
        {{ nps_bound('+', 'promoters', 'detractors', 'n_customers') }} as nps_ci_high
    from credible

)

select * from final
