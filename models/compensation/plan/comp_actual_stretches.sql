{{ config(materialized='view') }}

with

plans as (

    select distinct
        plan_id,
        plan_version,
        team,
        valid_from,
        valid_to
    from {{ ref('comp_plans') }}
    where scenario = 'actual'

),

participants as (

    select * from {{ ref('comp_participants') }}

),

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

stretches as (

    select
        participants.user_id,
        plans.plan_id,
        plans.plan_version,
        participants.target_pay,
        greatest(plans.valid_from, participants.valid_from, employee_teams.from_month) as valid_from,
        least(
            coalesce(plans.valid_to, {{ end_of_time() }}),
            coalesce(participants.valid_to, {{ end_of_time() }}),
            employee_teams.to_month
        ) as valid_to
    from participants
    inner join employee_teams
        on participants.user_id = employee_teams.user_id
    inner join plans
        on participants.plan_id = plans.plan_id and employee_teams.team = plans.team

),

final as (

    select
        user_id,
        plan_id,
        plan_version,
        target_pay,
        valid_from,
        valid_to
    from stretches
    where valid_from < valid_to

)

select * from final
