with

plans as (

    select * from {{ ref('comp_plans') }}

),

participations as (

    select * from {{ ref('comp_participations') }}

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

periods as (

    select
        month as period,
        next_month as next_period
    from {{ ref('metric_months') }}

),

stretches as (

    select
        plans.scenario,
        periods.period,
        periods.next_period,
        employee_teams.user_id,
        employee_teams.team,
        plans.plan_id,
        plans.plan_version,
        plans.metric_name,
        plans.weight,
        plans.threshold,
        plans.target,
        plans.cap,
        plans.accelerated_rate,
        participations.target_pay,
        greatest(plans.valid_from, participations.valid_from, periods.period) as starts_on,
        least(plans.valid_to, participations.valid_to, periods.next_period) as ends_on
    from participations
    inner join employee_teams
        on participations.user_id = employee_teams.user_id
    inner join plans
        on
            participations.scenario = plans.scenario
            and participations.plan_id = plans.plan_id
            and employee_teams.team = plans.team
    inner join periods
        on
            employee_teams.from_month <= periods.period
            and employee_teams.to_month > periods.period

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
        weight,
        threshold,
        target,
        cap,
        accelerated_rate,
        {{ dbt.datediff('period', 'next_period', 'day') }} as month_days,
        sum({{ dbt.datediff('starts_on', 'ends_on', 'day') }}) as days,
        sum(target_pay * {{ dbt.datediff('starts_on', 'ends_on', 'day') }}) as target_pay_days
    from stretches
    where starts_on < ends_on
    group by
        scenario,
        period,
        next_period,
        user_id,
        team,
        plan_id,
        plan_version,
        metric_name,
        weight,
        threshold,
        target,
        cap,
        accelerated_rate

)

select * from final
