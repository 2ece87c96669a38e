with

teams as (

    select * from {{ ref('int_users__teams') }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }} and surviving_id = user_id and not is_bot

),

-- The team of a month is that of its last moment, so a stretch of time has the months whose last moment lies in it.
months as (

    select
        users.user_id,
        teams.team,
        case
            when teams.valid_from = {{ beginning_of_time() }} then cast({{ beginning_of_time() }} as date)
            else {{ local_month('teams.valid_from') }}
        end as from_month,
        case
            when teams.valid_to <= {{ as_of() }} then {{ local_month('teams.valid_to') }}
            else {{ end_of_time() }}
        end as to_month
    from teams
    inner join users
        on teams.user_id = users.user_id

),

final as (

    select
        user_id,
        team,
        from_month,
        to_month
    from months
    where from_month < to_month

)

select * from final
