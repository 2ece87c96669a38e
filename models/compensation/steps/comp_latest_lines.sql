with

terms as (

    select * from {{ ref('comp_terms') }}

),

inputs as (

    select * from {{ ref('comp_inputs') }}

),

achieved as (

    select
        terms.*,
        inputs.payable_value,
        coalesce(inputs.payable_value < terms.threshold, inputs.payable_value is null) as is_missed,
        {{ rate_quotient('inputs.payable_value', 'terms.target') }} as ratio,
        {{ rate_quotient(
            'terms.target + terms.accelerated_rate '
            ~ '* cast(inputs.payable_value - terms.target as ' ~ double_type() ~ ')',
            'terms.target',
        ) }} as accelerated_ratio
    from terms
    inner join inputs
        on
            terms.scenario = inputs.scenario
            and terms.period = inputs.period
            and terms.user_id = inputs.user_id
            and terms.metric_name = inputs.metric_name

),

attained as (

    select
        *,
        cast(case
            when is_missed or ratio <= 0 then 0
            when ratio <= 1 then ratio
            else least(accelerated_ratio, cap)
        end as {{ attainment_type() }}) as attainment
    from achieved

),

-- a line's pay is units / unit cents, both whole numbers, so that cents are rounded once
exact as (

    select
        *,
        {{ to_cents('target_pay_days') }} * {{ to_whole('weight', 9) }} * {{ to_whole('attainment', 12) }} as units,
        {{ to_whole('month_days', 9) }} * {{ to_whole('1', 12) }} as unit
    from attained

),

floored as (

    select
        *,
        {{ divide_whole('units', 'unit') }} as floor_cents,
        {{ divide_whole('2 * sum(units) over statement + unit', '2 * unit') }} as total_cents
    from exact
    window statement as (partition by scenario, period, user_id, plan_id, plan_version)

),

-- the largest remainder takes the cent that rounding down left over
ranked as (

    select
        *,
        total_cents - sum(floor_cents) over statement as left_cents,
        row_number() over (
            partition by scenario, period, user_id, plan_id, plan_version
            order by units - floor_cents * unit desc, metric_name
        ) as remainder_rank
    from floored
    window statement as (partition by scenario, period, user_id, plan_id, plan_version)

),

final as (

    select
        scenario,
        period,
        user_id,
        team,
        plan_id,
        plan_version,
        metric_name,
        payable_value,
        weight,
        threshold,
        target,
        cap,
        accelerated_rate,
        attainment,
        cast({{ rate_quotient('days', 'month_days') }} as {{ attainment_type() }}) as proration,
        cast({{ rate_quotient('target_pay_days', 'days') }} as {{ money_type() }}) as target_pay,
        {{ from_cents('floor_cents + case when remainder_rank <= left_cents then 1 else 0 end') }} as payout
    from ranked

)

select * from final
