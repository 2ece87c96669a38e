with

opportunities as (

    {{ accepted_rows(ref('rec_opportunities')) }} and surviving_id = opportunity_id

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

records as (

    select * from {{ ref('rec_opportunities') }}

),

landed as (

    select * from {{ ref('land_opportunities') }}

),

-- The owner as delivered: a record that was superseded has unresolved references, and a merged owner is a user, too.
closed_versions as (

    select
        landed.opportunity_id,
        landed.owner_user_id,
        row_number() over (partition by landed.opportunity_id order by records.version_rank desc) as closed_number
    from records
    inner join landed
        on records._row_id = landed._row_id
    where not landed.is_deleted and landed.closed_at <= {{ as_of() }}

),

-- The owner in the first delivered version that is closed: a closed deal that changes its owner later keeps this one.
owners_when_closed as (

    select
        closed_versions.opportunity_id,
        users.surviving_id as user_id
    from closed_versions
    inner join users
        on closed_versions.owner_user_id = users.user_id
    where closed_versions.closed_number = 1

),

final as (

    select
        opportunities.opportunity_id,
        coalesce(
            opportunities.owner_at_close_user_id,
            owners_when_closed.user_id,
            opportunities.owner_user_id
        ) as owner_at_close_user_id
    from opportunities
    left join owners_when_closed
        on opportunities.opportunity_id = owners_when_closed.opportunity_id

)

select * from final
