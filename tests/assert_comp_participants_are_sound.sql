-- Guards comp_participants in rules_contract.yml: every participant is an employee, and in at least one month of the
-- participation in a team that has rows in an existing plan.
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

employee_teams as (

    select * from {{ ref('int_employees__monthly_teams') }}

),

paid_teams as (

    select distinct
        participants.user_id,
        participants.plan_id,
        participants.valid_from
    from participants
    inner join employee_teams
        on
            participants.user_id = employee_teams.user_id
            and participants.valid_from < employee_teams.to_month
            and coalesce(participants.valid_to, cast('9999-12-31' as date)) > employee_teams.from_month
    inner join plans
        on participants.plan_id = plans.plan_id and employee_teams.team = plans.team

),

judged as (

    select
        participants.user_id,
        participants.plan_id,
        case
            when participants.plan_id not in (select known.plan_id from plans as known)
                then 'comp_plans.csv does not have this plan.'
            when employees.user_id is null then 'this user does not exist, or is a bot.'
            when participants.target_pay < 0 then 'the target pay is negative.'
            when participants.valid_to <= participants.valid_from then 'valid_to is not after valid_from.'
            when paid_teams.user_id is null
                then 'the plan has no rows for the team ' || first_teams.team || ' of this user.'
        end as fault
    from participants
    left join employees
        on participants.user_id = employees.user_id
    left join employee_teams as first_teams
        on
            participants.user_id = first_teams.user_id
            and participants.valid_from >= first_teams.from_month
            and participants.valid_from < first_teams.to_month
    left join paid_teams
        on
            participants.user_id = paid_teams.user_id
            and participants.plan_id = paid_teams.plan_id
            and participants.valid_from = paid_teams.valid_from

)

select 'comp_participants.csv: user ' || user_id || ', plan ' || plan_id || ': ' || fault as fault
from judged
where fault is not null
