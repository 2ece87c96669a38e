with

ratings as (

    select
        response_id,
        contact_id,
        responded_at,
        score_unit
    from {{ ref('fct_survey_responses') }}
    where contact_id is not null

),

touches as (

    select * from {{ ref('fct_touches') }}
    where
        direction = 'outbound'
        and is_delivered
        and contact_id is not null

),

bands as (

    select * from {{ ref('pressure_bands') }}

),

pressures as (
    {% for days in var('touch_pressure_windows') %}
    select
        {{ days }} as window_days,
        ratings.response_id,
        ratings.contact_id,
        ratings.score_unit,
        count(touches.touch_id) as touch_count
    from ratings
    left join touches
        on
            ratings.contact_id = touches.contact_id
            and ratings.responded_at > touches.occurred_at
            and {{ dbt.dateadd('day', -days, 'ratings.responded_at') }} <= touches.occurred_at
    group by ratings.response_id, ratings.contact_id, ratings.score_unit
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Distances from the contact's own mean remove differences between persons, so that the slope compares a person only
-- with themselves.
centred as (

    select
        pressures.window_days,
        pressures.contact_id,
        bands.pressure_band,
        pressures.score_unit,
        pressures.touch_count - {{ rate_quotient(
            'sum(pressures.touch_count) over (partition by pressures.window_days, pressures.contact_id)',
            'count(*) over (partition by pressures.window_days, pressures.contact_id)',
        ) }} as touch_distance,
        cast(pressures.score_unit as {{ double_type() }}) - {{ rate_quotient(
            'sum(pressures.score_unit) over (partition by pressures.window_days, pressures.contact_id)',
            'count(*) over (partition by pressures.window_days, pressures.contact_id)',
        ) }} as score_distance,
        {{ score_quotient(
            'sum(pressures.score_unit) over (partition by pressures.window_days, bands.pressure_band)',
            'count(*) over (partition by pressures.window_days, bands.pressure_band)',
        ) }} as band_mean
    from pressures
    inner join bands
        on
            pressures.touch_count >= bands.from_count
            and (bands.to_count is null or pressures.touch_count <= bands.to_count)

),

sums as (

    select
        window_days,
        count(*) - count(distinct contact_id) - 1 as degrees_of_freedom,
        {{ sum_of_products('touch_distance', 'touch_distance') }} as touch_squares,
        {{ sum_of_products('score_distance', 'score_distance') }} as score_squares,
        {{ sum_of_products('touch_distance', 'score_distance') }} as products
    from centred
    group by window_days

),

-- Least squares with one constant per contact; each constant takes a degree of freedom.
slopes as (

    select
        window_days,
        products / nullif(touch_squares, 0) as slope,
        case
            when degrees_of_freedom > 0 then sqrt(
                greatest(0, score_squares - products * products / nullif(touch_squares, 0))
                / degrees_of_freedom / nullif(touch_squares, 0)
            )
        end as slope_se
    from sums

),

means as (

    select
        window_days,
        pressure_band,
        count(*) as ratings,
        max(band_mean) as mean_score_unit,
        {{ z_95() }} * sqrt(
            {{ rate_quotient('sum(' ~ squared_distance('score_unit', 'band_mean') ~ ')', 'count(*) - 1') }} / count(*)
        ) as margin
    from centred
    group by window_days, pressure_band

),

slots as (
    {% for days in var('touch_pressure_windows') %}
    select
        {{ days }} as window_days,
        pressure_band
    from bands
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Bands without ratings keep a row.
final as (

    select
        slots.window_days,
        slots.pressure_band,
        coalesce(means.ratings, 0) as ratings,
        cast(means.mean_score_unit as {{ double_type() }}) as mean_score_unit,
        means.mean_score_unit - means.margin as ci_low,
        means.mean_score_unit + means.margin as ci_high,
        slopes.slope as within_customer_slope,
        slopes.slope_se
    from slots
    left join means
        on
            slots.window_days = means.window_days
            and slots.pressure_band = means.pressure_band
    left join slopes
        on slots.window_days = slopes.window_days

)

select * from final
