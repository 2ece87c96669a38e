with

experiments as (

    select * from {{ ref('fct_experiments') }}

),

-- An empty cell makes the logarithm infinite, so half a conversion is added to each of the four cells. More conversions
-- than exposures are a counting error; the experiment then has no lift.
cells as (

    select
        *,
        control_conversions <= control_exposures and variant_conversions <= variant_exposures as is_sound,
        case
            when
                control_conversions in (0, control_exposures)
                or variant_conversions in (0, variant_exposures)
                then 0.5
            else 0
        end as correction
    from experiments

),

corrected as (

    select
        experiment_id,
        ended_on,
        spend_amount,
        is_shipped,
        is_sound,
        cast(control_conversions + correction as {{ double_type() }}) as control_successes,
        cast(control_exposures + 2 * correction as {{ double_type() }}) as control_trials,
        cast(variant_conversions + correction as {{ double_type() }}) as variant_successes,
        cast(variant_exposures + 2 * correction as {{ double_type() }}) as variant_trials
    from cells

),

risks as (

    select
        *,
        case
            when is_sound then (variant_successes / variant_trials) / (control_successes / control_trials)
        end as relative_risk,
        case
            when is_sound then 1 / variant_successes - 1 / variant_trials + 1 / control_successes - 1 / control_trials
        end as log_variance
    from corrected

),

lifts as (

    select
        experiment_id,
        ended_on,
        spend_amount,
        is_shipped,
        relative_risk - 1 as lift,
        exp(ln(relative_risk) - {{ z_95() }} * sqrt(log_variance)) - 1 as lift_low,
        exp(ln(relative_risk) + {{ z_95() }} * sqrt(log_variance)) - 1 as lift_high,
        relative_risk * relative_risk * log_variance as lift_variance
    from risks

),

-- Weights are inverse variances relative to the smallest variance, so that they stay between 0 and 1; only their
-- proportions matter.
weighed as (

    select
        *,
        min(lift_variance) over () as least_variance,
        min(lift_variance) over () / lift_variance as weight
    from lifts

),

means as (

    select
        min(least_variance) as least_variance,
        count(weight) as experiments,
        {{ sum_of_shares('weight') }} as weights,
        {{ sum_of_products('weight', 'lift') }} / nullif({{ sum_of_shares('weight') }}, 0) as mean_lift
    from weighed

),

-- The weight of all other experiments can be tiny next to the experiment's own weight. It is computed in decimals,
-- because a difference of floats would lose it.
distances as (

    select
        means.*,
        weighed.weight,
        weighed.weight * (weighed.lift - means.mean_lift) * (weighed.lift - means.mean_lift) as distance,
        cast(
            sum(cast(weighed.weight as decimal(38, 30))) over () - cast(weighed.weight as decimal(38, 30))
            as {{ double_type() }}
        ) as other_weights
    from weighed
    cross join means

),

scaled as (

    select
        *,
        max(distance) over () as greatest_distance
    from distances

),

-- Variance between experiments beyond chance, by DerSimonian and Laird.
between_experiments as (

    select
        min(mean_lift) as mean_lift,
        coalesce(greatest(
            0,
            (
                max(greatest_distance) * coalesce({{ sum_of_shares('distance / nullif(greatest_distance, 0)') }}, 0)
                - (max(experiments) - 1) * max(least_variance)
            ) / nullif({{ sum_of_shares('weight * (other_weights / weights)') }}, 0)
        ), 0) as variance
    from scaled

),

shrunken as (

    select
        weighed.*,
        between_experiments.mean_lift
        + between_experiments.variance / (between_experiments.variance + weighed.lift_variance)
        * (weighed.lift - between_experiments.mean_lift) as shrunken_lift
    from weighed
    cross join between_experiments

),

-- cumulative_lift multiplies the shipped experiments before this one as a sum of logarithms. A shrunken lift of almost
-- -1 can be -1 as a float, so 1 + lift has a lower limit: 0 has no logarithm.
final as (

    select
        experiment_id,
        ended_on,
        is_shipped,
        spend_amount,
        lift,
        lift_low,
        lift_high,
        lift_variance,
        shrunken_lift,
        exp(cast(coalesce(sum(case
            when is_shipped and shrunken_lift is not null
                then cast(ln(greatest(1 + shrunken_lift, 1e-18)) as decimal(38, 20))
        end) over (
            order by ended_on, experiment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as {{ double_type() }})) - 1 as cumulative_lift,
        {{ rate_quotient('lift', 'spend_amount') }} as return_on_spend
    from shrunken

)

select * from final
