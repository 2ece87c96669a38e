{%- set one_billion = 1000000000 -%}
{%- set units_of_a_cent = 10000000000 -%}
with

terms as (

    select * from {{ ref('comp_terms') }}

),

inputs as (

    select * from {{ ref('comp_inputs') }}

),

former as (

    select * from {{ ref('former_metric_names') }}

),

achieved as (

    select
        terms.*,
        coalesce(former.former_name, terms.metric_name) as first_name,
        inputs.payable_value,
        coalesce(inputs.payable_value < terms.threshold, inputs.payable_value is null) as is_missed,
        {{ to_whole('coalesce(inputs.payable_value, 0)', 15) }} as value_units,
        {{ to_whole('terms.target', 15) }} as target_units,
        {{ to_whole('terms.accelerated_rate', 9) }} as rate_units,
        {{ to_whole('terms.cap', 9) }} as cap_units
    from terms
    inner join inputs
        on
            terms.scenario = inputs.scenario
            and terms.period = inputs.period
            and terms.user_id = inputs.user_id
            and terms.metric_name = inputs.metric_name
    left join former
        on terms.metric_name = former.metric_name

),

-- The attainment is attained_units / (target_units x 10^9), a fraction of whole numbers. It is not divided yet, because
-- pay times a rounded attainment can fall on the wrong side of half a cent.
attained as (

    select
        *,
        case
            when is_missed or value_units <= 0 then 0
            when value_units <= target_units then value_units * {{ one_billion }}
            else least(
                target_units * {{ one_billion }} + rate_units * (value_units - target_units),
                cap_units * target_units
            )
        end as attained_units
    from achieved

),

-- The payout in units of 10^-21 of the currency and the attainment in units of 10^-13, both rounded down. The next step
-- rounds both to 12 places and needs the digits beyond the twelfth for it.
exact as (

    select
        *,
        {{ multiply_and_divide(
            to_cents('target_pay_days') ~ ' * ' ~ to_whole('weight', 9) ~ ' * 10',
            'attained_units',
            'target_units * month_days',
        ) }} as exact_units,
        {{ multiply_and_divide('10000', 'attained_units', 'target_units') }} as attainment_units
    from attained

),

-- both rounded to 12 places, half away from zero
lines as (

    select
        *,
        {{ divide_whole('exact_units + 500000000', one_billion) }} as units,
        {{ divide_whole('attainment_units + 5', '10') }} as attainment_trillionths
    from exact

),

floored as (

    select
        *,
        {{ divide_whole('units', units_of_a_cent) }} as floor_cents,
        {{ divide_whole('sum(units) over statement + ' ~ units_of_a_cent // 2, units_of_a_cent) }} as total_cents
    from lines
    window statement as (partition by scenario, period, user_id, plan_id, plan_version)

),

-- The cents left over from rounding lines down go to the lines with the largest remainders. Ties go to the metrics
-- that are first in alphabetical order, a renamed metric by its former name, so that renaming moves no cent.
ranked as (

    select
        *,
        total_cents - sum(floor_cents) over statement as left_cents,
        row_number() over (
            partition by scenario, period, user_id, plan_id, plan_version
            order by units - floor_cents * {{ units_of_a_cent }} desc, first_name
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
        {{ from_whole('attainment_trillionths', 12) }} as attainment,
        cast({{ rate_quotient('days', 'month_days') }} as {{ share_type() }}) as proration,
        cast({{ rate_quotient('target_pay_days', 'days') }} as {{ money_type() }}) as target_pay,
        {{ from_cents('floor_cents + case when remainder_rank <= left_cents then 1 else 0 end') }} as payout
    from ranked

)

select * from final
