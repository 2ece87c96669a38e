with

users as (

    {{ accepted_rows(ref('rec_users')) }} and surviving_id = user_id and not is_bot

),

teams as (

    select * from {{ ref('int_users__teams') }}
    where
        valid_from <= {{ as_of() }}
        and valid_to > {{ as_of() }}

),

final as (

    select
        users.user_id,
        users.user_name,
        teams.team,
        users.manager_user_id,
        users.hired_at,
        users.left_at
    from users
    inner join teams
        on users.user_id = teams.user_id

)

select * from final
