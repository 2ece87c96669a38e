-- Guards M7: on every day the two weights sum to 1, and the outcome outweighs the experience.
with

weights as (

    select * from {{ ref('success_weights') }}

),

days as (

    select distinct valid_from from weights

),

final as (

    select
        days.valid_from,
        sum(case when weights.axis = 'outcome' then weights.weight end) as outcome_weight,
        sum(case when weights.axis = 'experience' then weights.weight end) as experience_weight
    from days
    inner join weights
        on
            days.valid_from >= weights.valid_from
            and days.valid_from < coalesce(weights.valid_to, cast('9999-12-31' as date))
    group by days.valid_from

)

select * from final
where
    coalesce(outcome_weight + experience_weight, 0) <> 1
    or outcome_weight <= experience_weight
