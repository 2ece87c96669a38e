with

versions as (

    {{ version_ranks('crm', 'opportunity_splits') }}

),

splits as (

    {{ latest_versions('crm', 'opportunity_splits') }}

),

opportunities as (

    select * from {{ ref('rec_opportunities') }}
    where row_state not in ('superseded', 'quarantined')

),

users as (

    select * from {{ ref('rec_users') }}
    where row_state not in ('superseded', 'quarantined')

),

teams as (

    select * from {{ ref('int_users__teams') }}

),

shares as (

    select
        splits._row_id,
        splits.opportunity_id,
        splits.user_id,
        splits.share,
        coalesce(teams.team, users.team) as team
    from splits
    inner join opportunities
        on splits.opportunity_id = opportunities.opportunity_id
    inner join users
        on splits.user_id = users.user_id
    left join teams
        on
            users.surviving_id = teams.user_id
            and coalesce(opportunities.closed_at, {{ as_of() }}) >= teams.valid_from
            and coalesce(opportunities.closed_at, {{ as_of() }}) < teams.valid_to
    where splits.row_state = 'current'

),

summed as (

    select
        *,
        sum(share) over (partition by opportunity_id, team) as team_share,
        row_number() over (partition by opportunity_id, team order by user_id desc) as place_from_last
    from shares

),

divided as (

    select
        *,
        case
            when abs(1 - team_share) <= 0.0001
                then cast({{ divide_exactly('share', 'team_share', 12) }} as {{ share_type() }})
        end as quotient
    from summed

),

-- The last user takes what rounding leaves, so that the shares sum to 1 exactly.
final as (

    select
        _row_id,
        team,
        team_share,
        case
            when place_from_last > 1 then quotient
            else 1 - (sum(quotient) over (partition by opportunity_id, team) - quotient)
        end as scaled_share
    from divided

)

select * from final
