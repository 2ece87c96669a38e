{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

customers as (

    select * from {{ ref('fct_customer_ratings') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

-- Each customer counts once, however often it answered.
means as (

    select
        customers.user_id,
        employees.team,
        customers.survey_type,
        max(customers.latest_responded_at) as latest_responded_at,
        cast(sum(customers.ratings) as bigint) as ratings,
        count(customers.mean_score_unit) as n_customers,
        sum(customers.mean_score_unit) as sum_of_means,
        {{ score_quotient('sum(customers.mean_score_unit)', 'count(customers.mean_score_unit)') }} as raw_mean,
        cast(sum(customers.promoter_share) as {{ double_type() }}) as promoters,
        cast(sum(customers.detractor_share) as {{ double_type() }}) as detractors,
        count(case when customers.is_invited then 1 end) as invited_customers,
        count(case when customers.mean_score_unit is null then 1 end) as silent_customers
    from customers
    inner join employees
        on customers.user_id = employees.user_id
    group by customers.user_id, employees.team, customers.survey_type
    having count(customers.mean_score_unit) > 0

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

final as (

    select
        means.user_id,
        means.team,
        means.survey_type,
        means.latest_responded_at,
        means.ratings,
        means.n_customers,
        means.sum_of_means,
        means.raw_mean,
        spreads.squares,
        means.promoters,
        means.detractors,
        means.invited_customers,
        means.silent_customers
    from means
    inner join spreads
        on
            means.user_id = spreads.user_id
            and means.survey_type = spreads.survey_type

)

select * from final
