with

customers as (

    select * from {{ ref('fct_customer_ratings') }}
    where ratings > 0

),

employees as (

    select * from {{ ref('dim_employees') }}

),

means as (

    select
        customers.user_id,
        employees.team,
        customers.survey_type,
        max(customers.latest_responded_at) as raised_at,
        count(*) as n_customers,
        sum(customers.mean_score_unit) as sum_of_means,
        {{ score_quotient('sum(customers.mean_score_unit)', 'count(*)') }} as raw_mean
    from customers
    inner join employees
        on customers.user_id = employees.user_id
    group by customers.user_id, employees.team, customers.survey_type

),

spreads as (

    select
        means.user_id,
        means.survey_type,
        sum({{ squared_distance('customers.mean_score_unit', 'means.raw_mean') }}) as squares
    from customers
    inner join means
        on
            customers.user_id = means.user_id
            and customers.survey_type = means.survey_type
    group by means.user_id, means.survey_type

),

-- the others of the team, because an outlier would hide in a mean and a variance of its own making
others as (

    select
        means.user_id,
        means.survey_type,
        count(*) as users,
        sum(peers.n_customers) as customers,
        {{ rate_quotient('sum(peers.sum_of_means)', 'sum(peers.n_customers)') }} as team_mean,
        {{ rate_quotient('sum(spreads.squares)', 'sum(peers.n_customers - 1)') }} as expected_process_variance,
        {{ rate_quotient(
            'sum(peers.n_customers * ' ~ squared_distance('peers.raw_mean', '0') ~ ')', 'sum(peers.n_customers)'
        ) }} as mean_of_squares,
        {{ rate_quotient('sum(peers.n_customers * peers.n_customers)', 'sum(peers.n_customers)') }} as mean_size
    from means
    inner join means as peers
        on
            means.team = peers.team
            and means.survey_type = peers.survey_type
            and means.user_id <> peers.user_id
    inner join spreads
        on
            peers.user_id = spreads.user_id
            and peers.survey_type = spreads.survey_type
    where means.n_customers >= {{ var('rating_min_customers') }}
    group by means.user_id, means.survey_type
    having count(*) >= {{ var('flag_min_peers') }}

),

-- how far employees of the team differ truly (as in employee_ratings)
between_employees as (

    select
        *,
        greatest(0, (
            customers * (mean_of_squares - team_mean * team_mean) - (users - 1) * expected_process_variance
        ) / (customers - mean_size)) as variance_of_hypothetical_means
    from others

),

compared as (

    select
        means.*,
        between_employees.team_mean,
        (means.raw_mean - between_employees.team_mean) / nullif(sqrt(
            between_employees.expected_process_variance * (1.0 / means.n_customers + 1.0 / between_employees.customers)
            + between_employees.variance_of_hypothetical_means
            * (1 + between_employees.mean_size / between_employees.customers)
        ), 0) as sigmas
    from means
    inner join between_employees
        on
            means.user_id = between_employees.user_id
            and means.survey_type = between_employees.survey_type

),

final as (

    select
        'funnel_outlier:' || survey_type || ':' || user_id as flag_id,
        'funnel_outlier' as flag_type,
        user_id,
        {{ local_month('raised_at') }} as month,
        n_customers || ' customers rated ' || {{ shown_number('raw_mean', 2) }} || ' in the mean (' || survey_type
        || ', from 0 to 1), where the others of the team have ' || {{ shown_number('team_mean', 2) }} || ': '
        || {{ shown_number('sigmas', 1) }} || ' sigma.' as evidence,
        raised_at
    from compared
    where abs(sigmas) >= {{ var('flag_funnel_sigma') }}

)

select * from final
