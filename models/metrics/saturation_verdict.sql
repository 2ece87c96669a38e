with

experiments as (

    select
        *,
        lift_variance / cast(spend_amount as {{ double_type() }}) / cast(spend_amount as {{ double_type() }})
            as return_variance
    from {{ ref('conversion_saturation') }}
    where
        return_on_spend is not null
        and lift_variance is not null

),

-- The claimed knot and others, because the verdict should not hang on one knot.
knots as (

    select cast(series_number * 0.01 as decimal(18, 6)) as knot
    from ({{ number_series(2, 15) }}) as series

    union

    select cast({{ var('saturation_knot') }} as decimal(18, 6)) as knot

),

compared_with as (

    select
        knots.knot,
        experiments.return_on_spend,
        experiments.return_variance,
        experiments.cumulative_lift < knots.knot as is_below
    from knots
    left join experiments
        on true

),

-- Weights are inverse variances relative to the smallest variance of the side, so that they stay between 0 and 1; only
-- their proportions matter.
weighed as (

    select
        *,
        min(return_variance) over (partition by knot, is_below) as least_variance,
        min(return_variance) over (partition by knot, is_below) / return_variance as weight
    from compared_with

),

scaled as (

    select
        *,
        weight * return_on_spend as weighed_return,
        max(abs(weight * return_on_spend)) over (partition by knot, is_below) as greatest_return
    from weighed

),

sides as (

    select
        knot,
        is_below,
        count(return_on_spend) as experiments,
        coalesce({{ sum_of_shares('weighed_return / nullif(greatest_return, 0)') }}, 0) * max(greatest_return)
        / {{ sum_of_shares('weight') }} as return_mean,
        max(least_variance) / {{ sum_of_shares('weight') }} as return_variance
    from scaled
    group by knot, is_below

),

compared as (

    select
        knot,
        sum(experiments) as experiments,
        coalesce(max(case when is_below then experiments end), 0) as experiments_below,
        coalesce(max(case when not is_below then experiments end), 0) as experiments_above,
        max(case when is_below then return_mean end) as return_below,
        max(case when not is_below then return_mean end) as return_above,
        sqrt(
            max(case when is_below then return_variance end) + max(case when not is_below then return_variance end)
        ) as return_change_se
    from sides
    group by knot

),

final as (

    select
        cast(knot as {{ double_type() }}) as knot,
        knot = cast({{ var('saturation_knot') }} as decimal(18, 6)) as is_claimed_knot,
        cast(experiments as bigint) as experiments,
        experiments_below,
        experiments_above,
        return_below,
        return_above,
        return_above - return_below as return_change,
        return_change_se,
        case
            when
                experiments < {{ var('saturation_min_experiments') }}
                or experiments_below < {{ var('saturation_min_side') }}
                or experiments_above < {{ var('saturation_min_side') }}
                then 'too_little_data'
            when return_above - return_below + {{ z_95() }} * return_change_se < 0 then 'supports'
            when
                return_above - return_below - {{ z_95() }} * return_change_se
                > -{{ var('saturation_ruled_out_drop') }} * return_below
                then 'contradicts'
            else 'too_little_data'
        end as verdict
    from compared

)

select * from final
