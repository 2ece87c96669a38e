with

plans as (

    select * from {{ ref('comp_plans') }}

),

participants as (

    select * from {{ ref('comp_participants') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

months as (

    {{ date_series(
        '(select min(' ~ local_month('transacted_at') ~ ') from transactions)',
        local_month(as_of()),
        'month',
    ) }}

),

periods as (

    select
        series_on as period,
        cast({{ dbt.dateadd('month', 1, 'series_on') }} as date) as next_period
    from months

),

scenario_plans as (

    select distinct
        scenario,
        plan_id
    from plans

),

own_participants as (

    select
        scenario_plans.scenario,
        participants.*
    from scenario_plans
    inner join participants
        on scenario_plans.plan_id = participants.plan_id

),

-- a what-if that names nobody is asked of those who are paid
scenario_participants as (

    select * from own_participants

    union all

    select
        scenario_plans.scenario,
        actual.user_id,
        scenario_plans.plan_id,
        actual.target_pay,
        actual.valid_from,
        actual.valid_to
    from scenario_plans
    cross join own_participants as actual
    where
        actual.scenario = 'actual'
        and scenario_plans.scenario not in (select own_participants.scenario from own_participants)

),

stretches as (

    select
        plans.scenario,
        periods.period,
        periods.next_period,
        employees.user_id,
        employees.team,
        plans.plan_id,
        plans.plan_version,
        plans.metric_name,
        plans.weight,
        plans.threshold,
        plans.target,
        plans.cap,
        plans.accelerated_rate,
        scenario_participants.target_pay,
        greatest(plans.valid_from, scenario_participants.valid_from, periods.period) as starts_on,
        least(plans.valid_to, scenario_participants.valid_to, periods.next_period) as ends_on
    from scenario_participants
    inner join employees
        on scenario_participants.user_id = employees.user_id
    inner join plans
        on
            scenario_participants.scenario = plans.scenario
            and scenario_participants.plan_id = plans.plan_id
            and employees.team = plans.team
    cross join periods

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
