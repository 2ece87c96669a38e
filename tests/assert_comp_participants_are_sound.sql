-- Guards comp_participants in rules_contract.yml: every participant is an employee of a team that has rows in an
-- existing plan.
with

participants as (

    select * from {{ ref('comp_participants') }}

),

plans as (

    select distinct
        plan_id,
        team
    from {{ ref('comp_plans') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

judged as (

    select
        participants.user_id,
        participants.plan_id,
        employees.team,
        case
            when participants.plan_id not in (select known.plan_id from plans as known)
                then 'comp_plans.csv does not have this plan.'
            when employees.user_id is null then 'this user does not exist, or is a bot.'
            when plans.team is null then 'the plan has no rows for the team ' || employees.team || ' of this user.'
            when participants.target_pay < 0 then 'the target pay is negative.'
            when participants.valid_to <= participants.valid_from then 'valid_to is not after valid_from.'
        end as fault
    from participants
    left join employees
        on participants.user_id = employees.user_id
    left join plans
        on participants.plan_id = plans.plan_id and employees.team = plans.team

)

select 'comp_participants.csv: user ' || user_id || ', plan ' || plan_id || ': ' || fault as fault
from judged
where fault is not null
