with

spreads as (

    select
        *,
        n_customers * {{ squared_distance('raw_mean', '0') }} as squares_of_means
    from {{ ref('employee_rating_means') }}
    where n_customers >= {{ var('rating_min_customers') }}

),

users as (

    select distinct user_id from spreads

),

-- The judged employee is left out, because an outlier would shift the mean and widen the variance that it is compared
-- with.
others as (

    select
        users.user_id,
        spreads.team,
        spreads.survey_type,
        count(*) as peers,
        sum(spreads.n_customers) as customers,
        sum(spreads.squares) as squares,
        {{ rate_quotient('sum(spreads.sum_of_means)', 'sum(spreads.n_customers)') }} as team_mean,
        sum(spreads.squares_of_means) as squares_of_means,
        {{ rate_quotient('sum(spreads.n_customers * spreads.n_customers)', 'sum(spreads.n_customers)') }} as mean_size
    from users
    inner join spreads
        on users.user_id <> spreads.user_id
    group by users.user_id, spreads.team, spreads.survey_type

),

excesses as (

    select
        *,
        cast(
            squares_of_means - customers * team_mean * team_mean
            - (peers - 1) * {{ rate_quotient('squares', 'customers - peers') }} as decimal(38, 15)
        ) as squares_in_excess
    from others

),

-- The true variance between employees of one team is estimated over all teams and survey types, because one team is too
-- small for it. A difference that is only rounding counts as 0.
between_employees as (

    select
        user_id,
        case
            when sum(squares_in_excess) <= 1e-12 * sum(customers) then 0
            else {{ rate_quotient('sum(squares_in_excess)', 'sum(customers - cast(mean_size as decimal(38, 15)))') }}
        end as variance_of_hypothetical_means
    from excesses
    where squares_in_excess is not null
    group by user_id

),

compared as (

    select
        spreads.*,
        others.team_mean,
        (spreads.raw_mean - others.team_mean) / nullif(sqrt(
            {{ rate_quotient(
                'others.squares + spreads.squares', 'others.customers - others.peers + spreads.n_customers - 1'
            ) }} * (1.0 / spreads.n_customers + 1.0 / others.customers)
            + between_employees.variance_of_hypothetical_means * (1 + others.mean_size / others.customers)
        ), 0) as sigmas
    from spreads
    inner join others
        on
            spreads.user_id = others.user_id
            and spreads.team = others.team
            and spreads.survey_type = others.survey_type
    inner join between_employees
        on spreads.user_id = between_employees.user_id
    where others.peers >= {{ var('flag_min_peers') }}

),

final as (

    select
        'funnel_outlier:' || survey_type || ':' || user_id as flag_id,
        'funnel_outlier' as flag_type,
        user_id,
        {{ local_month('latest_responded_at') }} as month,
        n_customers || ' customers rated ' || {{ shown_number('raw_mean', 2) }} || ' in the mean (' || survey_type
        || ', from 0 to 1), where the others of the team have ' || {{ shown_number('team_mean', 2) }} || ': '
        || {{ shown_number('sigmas', 1) }} || ' sigma.' as evidence,
        latest_responded_at as raised_at
    from compared
    where abs(sigmas) >= {{ var('flag_sigma') }}

)

select * from final
