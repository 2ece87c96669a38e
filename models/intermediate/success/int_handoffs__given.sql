with

assignments as (

    select * from {{ ref('int_accounts__teams') }}

),

leads as (

    {{ accepted_rows(ref('rec_leads')) }} and surviving_id = lead_id and qualified_at is not null

),

users as (

    {{ accepted_rows(ref('rec_users')) }} and not is_bot

),

teams as (

    select
        teams.user_id,
        teams.team,
        teams.valid_from,
        teams.valid_to
    from {{ ref('int_users__teams') }} as teams
    inner join users
        on teams.user_id = users.user_id

),

-- Hand-offs after which the account came back to the giving team.
returns as (

    select distinct given.assignment_id
    from assignments as given
    inner join assignments as later
        on
            given.account_id = later.account_id
            and given.previous_team = later.team
            and given.assignment_number < later.assignment_number
            and later.assigned_at < {{ dbt.dateadd('day', var('handoff_return_days'), 'given.assigned_at') }}

),

final as (

    select
        'account:' || assignments.assignment_id as handoff_id,
        assignments.account_id,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        assignments.previous_team as from_team,
        assignments.team as to_team,
        assignments.previous_user_id as from_user_id,
        assignments.user_id as to_user_id,
        assignments.assigned_at as handed_at,
        assignments.accepted_at,
        assignments.rejected_at is not null as is_rejected,
        returns.assignment_id is not null as is_returned
    from assignments
    left join returns
        on assignments.assignment_id = returns.assignment_id
    where assignments.team <> assignments.previous_team

    union all

    select
        'lead:' || leads.lead_id as handoff_id,
        leads.account_id,
        leads.lead_id,
        owners.team as from_team,
        takers.team as to_team,
        owners.user_id as from_user_id,
        takers.user_id as to_user_id,
        leads.qualified_at as handed_at,
        leads.accepted_at,
        false as is_rejected,
        false as is_returned
    from leads
    inner join teams as owners
        on
            leads.owner_user_id = owners.user_id
            and leads.qualified_at >= owners.valid_from
            and leads.qualified_at < owners.valid_to
    inner join teams as takers
        on
            leads.sales_user_id = takers.user_id
            and leads.qualified_at >= takers.valid_from
            and leads.qualified_at < takers.valid_to
    where owners.user_id <> takers.user_id

)

select * from final
