-- Guards M7 in docs/metrics.md: on every day the two weights sum to 1, and the weight of the outcome is larger.
with

weights as (

    select * from {{ ref('success_weights') }}

),

days as (

    select valid_from as rule_on from weights
    union
    select valid_to as rule_on from weights
    where valid_to is not null

),

final as (

    select
        days.rule_on,
        sum(case when weights.axis = 'outcome' then weights.weight end) as outcome_weight,
        sum(case when weights.axis = 'experience' then weights.weight end) as experience_weight
    from days
    inner join weights
        on
            days.rule_on >= weights.valid_from
            and days.rule_on < coalesce(weights.valid_to, cast('9999-12-31' as date))
    group by days.rule_on

)

select * from final
where
    coalesce(outcome_weight + experience_weight, 0) <> 1
    or coalesce(outcome_weight <= experience_weight, true)
