with

users as (

    {{ accepted_rows(ref('rec_users')) }} and surviving_id = user_id

),

-- The rows of a user who was merged into another count nowhere.
delivered as (

    select
        teams.user_id,
        teams.team,
        teams.valid_from
    from {{ ref('rec_user_teams') }} as teams
    inner join {{ ref('land_user_teams') }} as landed
        on teams._row_id = landed._row_id and teams.user_id = landed.user_id
    where teams.row_state = 'accepted'

),

-- Before the first row, the team of that row holds.
stretches as (

    select
        user_id,
        team,
        case
            when row_number() over (partition by user_id order by valid_from) > 1 then valid_from
            else {{ beginning_of_time() }}
        end as valid_from,
        coalesce(
            lead(valid_from) over (partition by user_id order by valid_from),
            cast({{ end_of_time() }} as {{ dbt.type_timestamp() }})
        ) as valid_to
    from delivered

),

final as (

    select
        users.user_id,
        coalesce(stretches.team, users.team) as team,
        coalesce(stretches.valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(stretches.valid_to, cast({{ end_of_time() }} as {{ dbt.type_timestamp() }})) as valid_to
    from users
    left join stretches
        on users.user_id = stretches.user_id

)

select * from final
