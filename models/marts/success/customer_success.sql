with

customers as (

    select * from {{ ref('dim_customers') }}
    where is_customer

),

outcomes as (

    select * from {{ ref('fct_outcomes') }}
    where is_due

),

satisfaction as (

    select * from {{ ref('int_customers__satisfaction') }}

),

weights as (

    {{ rule_today('success_weights', 'weight') }}

),

thresholds as (

    {{ rule_today('quadrant_thresholds', 'threshold') }}

),

outcome_scores as (

    select
        account_id,
        {{ score_quotient(
            'sum(case when is_verified_on_time then weight else 0 end)', 'sum(weight)'
        ) }} as outcome_score
    from outcomes
    group by account_id

),

scored as (

    select
        customers.account_id,
        customers.acquired_at,
        outcome_scores.outcome_score,
        satisfaction.csat_unit as experience_score,
        {{ success_score('weights', 'outcome_scores.outcome_score', 'satisfaction.csat_unit') }} as success_score
    from customers
    left join outcome_scores
        on customers.account_id = outcome_scores.account_id
    left join satisfaction
        on customers.account_id = satisfaction.account_id
    cross join weights

),

levels as (

    select
        scored.*,
        case
            when scored.outcome_score >= thresholds.outcome then 'high'
            when scored.outcome_score < thresholds.outcome then 'low'
        end as outcome_level,
        case
            when scored.experience_score >= thresholds.experience then 'high'
            when scored.experience_score < thresholds.experience then 'low'
        end as experience_level
    from scored
    cross join thresholds

),

final as (

    select
        account_id,
        outcome_score,
        experience_score,
        success_score,
        outcome_level,
        experience_level,
        -- a newer customer has had too little time to be judged
        case
            when acquired_at <= {{ dbt.dateadd('day', -var('quadrant_window_days'), as_of()) }}
                then outcome_level || '_outcome_' || experience_level || '_experience'
        end as quadrant
    from levels

)

select * from final
