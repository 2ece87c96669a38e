with

curve as (

    select * from {{ ref('time_to_value_curve') }}

),

final as (

    select
        segment,
        max(case when day = 0 then at_risk end) as subjects,
        cast(sum(value_events) as bigint) as value_events,
        cast(sum(churn_events) as bigint) as churn_events,
        min(case when incidence_value >= 0.5 - 1e-12 then day end) as median_days
    from curve
    group by segment

)

select * from final
