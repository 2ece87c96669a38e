with

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

final as (

    select
        user_id,
        user_name,
        team,
        manager_user_id,
        hired_at,
        left_at
    from users
    where not is_bot

)

select * from final
