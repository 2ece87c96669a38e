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

employees as (

    select * from {{ ref('dim_employees') }}

),

stretches as (

    select
        participants.user_id,
        plans.plan_id,
        plans.plan_version,
        participants.target_pay,
        greatest(plans.valid_from, participants.valid_from) as valid_from,
        least(
            coalesce(plans.valid_to, {{ end_of_time() }}),
            coalesce(participants.valid_to, {{ end_of_time() }})
        ) as valid_to
    from participants
    inner join employees
        on participants.user_id = employees.user_id
    inner join plans
        on participants.plan_id = plans.plan_id and employees.team = plans.team

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
