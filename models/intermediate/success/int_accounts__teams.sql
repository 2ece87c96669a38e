{{ config(materialized='view') }}

with

assignments as (

    {{ accepted_rows(ref('rec_account_assignments')) }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }} and not is_bot

),

teams as (

    select * from {{ ref('int_users__teams') }}

),

numbered as (

    select
        assignments.assignment_id,
        assignments.account_id,
        assignments.user_id,
        assignments.assigned_at,
        assignments.accepted_at,
        assignments.rejected_at,
        least(assignments.unassigned_at, assignments.rejected_at) as ended_at,
        lag(assignments.user_id) over (
            partition by assignments.account_id
            order by assignments.assigned_at, assignments.assignment_id
        ) as previous_user_id,
        row_number() over (
            partition by assignments.account_id
            order by assignments.assigned_at, assignments.assignment_id
        ) as assignment_number
    from assignments
    inner join users
        on assignments.user_id = users.user_id

),

-- Both teams are those at the moment of this assignment, also the team of the previous employee.
final as (

    select
        numbered.assignment_id,
        numbered.account_id,
        numbered.user_id,
        teams.team,
        numbered.assigned_at,
        numbered.accepted_at,
        numbered.rejected_at,
        numbered.ended_at,
        numbered.previous_user_id,
        previous_teams.team as previous_team,
        numbered.assignment_number
    from numbered
    inner join teams
        on
            numbered.user_id = teams.user_id
            and numbered.assigned_at >= teams.valid_from
            and numbered.assigned_at < teams.valid_to
    left join teams as previous_teams
        on
            numbered.previous_user_id = previous_teams.user_id
            and numbered.assigned_at >= previous_teams.valid_from
            and numbered.assigned_at < previous_teams.valid_to

)

select * from final
