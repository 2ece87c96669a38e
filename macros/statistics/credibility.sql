{#- CTEs of the Bühlmann-Straub credibility of rated employees among their peers (M4 in docs/metrics.md).

    They read the CTE `means`, one row per employee and group of peers (the columns `peers`), with n_customers (1 or
    more), sum_of_means, raw_mean (the mean of the customers of the employee, as a score) and squares (the sum of the
    squared distances of the customers from it). They give the CTE `credible`: the same rows with the statistics of the
    peers (team_users, team_customers, team_mean, expected_process_variance, variance_of_hypothetical_means), and with
    credibility, credible_score, its margin, is_payable and payable_score. -#}
{% macro credibility(peers) -%}
{%- set over_peers = 'over (partition by ' ~ peers | join(', ') ~ ')' -%}
peers as (

    select
        *,
        count(*) {{ over_peers }} as team_users,
        cast(sum(n_customers) {{ over_peers }} as bigint) as team_customers,
        {{ score_quotient('sum(sum_of_means) ' ~ over_peers, 'sum(n_customers) ' ~ over_peers) }} as team_mean
    from means

),

variances as (

    select
        *,
        {{ rate_quotient('squares', 'n_customers - 1') }} as sample_variance,
        {{ rate_quotient('sum(squares) ' ~ over_peers, 'team_customers - team_users') }} as expected_process_variance,
        cast(
            sum(n_customers * {{ squared_distance('raw_mean', 'team_mean') }}) {{ over_peers }} as {{ double_type() }}
        ) as squares_between,
        team_customers
        - {{ rate_quotient('sum(n_customers * n_customers) ' ~ over_peers, 'team_customers') }} as effective_customers
    from peers

),

excesses as (

    select
        *,
        squares_between - (team_users - 1) * expected_process_variance as squares_in_excess
    from variances

),

-- A positive excess that is as small as a rounding error counts as no variance.
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

credible as (

    select
        *,
        case when is_payable then credible_score else team_mean end as payable_score
    from scored

)
{%- endmacro %}
