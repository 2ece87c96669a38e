{{ config(materialized='view') }}

with

assignments as (

    {{ accepted_rows(ref('rec_account_assignments')) }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }} and not is_bot

),

final as (

    select
        assignments.assignment_id,
        assignments.account_id,
        assignments.user_id,
        users.team,
        assignments.assigned_at,
        assignments.accepted_at,
        assignments.rejected_at,
        least(assignments.unassigned_at, assignments.rejected_at) as ended_at,
        lag(users.user_id) over (
            partition by assignments.account_id
            order by assignments.assigned_at, assignments.assignment_id
        ) as previous_user_id,
        lag(users.team) over (
            partition by assignments.account_id
            order by assignments.assigned_at, assignments.assignment_id
        ) as previous_team,
        row_number() over (
            partition by assignments.account_id
            order by assignments.assigned_at, assignments.assignment_id
        ) as assignment_number
    from assignments
    inner join users
        on assignments.user_id = users.user_id

)

select * from final
