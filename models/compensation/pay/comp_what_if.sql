with

computed_lines as (

    select * from {{ ref('comp_computed_lines') }}

),

payouts as (

    select
        scenario,
        period,
        user_id,
        team,
        sum(payout) as payout
    from computed_lines
    group by scenario, period, user_id, team

),

scenario_periods as (

    select distinct
        scenario,
        period
    from payouts
    where scenario <> 'actual'

),

-- payees of the scenario and of the actual plans
asked as (

    select
        scenario_periods.scenario,
        scenario_periods.period,
        payouts.user_id,
        payouts.team
    from scenario_periods
    inner join payouts
        on
            scenario_periods.period = payouts.period
            and (scenario_periods.scenario = payouts.scenario or payouts.scenario = 'actual')
    group by scenario_periods.scenario, scenario_periods.period, payouts.user_id, payouts.team

),

compared as (

    select
        asked.scenario,
        asked.period,
        asked.user_id,
        asked.team,
        coalesce(actual.payout, 0) as actual_payout,
        coalesce(what_if.payout, 0) as scenario_payout
    from asked
    left join payouts as actual
        on
            asked.period = actual.period
            and asked.user_id = actual.user_id
            and actual.scenario = 'actual'
    left join payouts as what_if
        on
            asked.scenario = what_if.scenario
            and asked.period = what_if.period
            and asked.user_id = what_if.user_id

),

final as (

    select
        scenario,
        period,
        user_id,
        team,
        actual_payout,
        scenario_payout,
        scenario_payout - actual_payout as change,
        rank() over (partition by scenario, period order by actual_payout desc) as actual_rank,
        rank() over (partition by scenario, period order by scenario_payout desc) as scenario_rank
    from compared

)

select * from final
