with

accounts as (

    select * from {{ ref('dim_customers') }}

),

opportunities as (

    select * from {{ ref('fct_opportunities') }}
    where is_won and closed_at <= {{ as_of() }}

),

assignments as (

    select * from {{ ref('int_accounts__teams') }}

),

salespeople as (

    select * from {{ ref('int_users__teams') }}
    where team = 'sales'

),

-- An assignment counts while its user is in sales, also if the user was in another team when it began.
assignments_to_sales as (

    select
        assignments.account_id,
        assignments.assignment_id,
        assignments.user_id,
        assignments.assigned_at,
        greatest(assignments.assigned_at, salespeople.valid_from) as starts_at,
        least(coalesce(assignments.ended_at, salespeople.valid_to), salespeople.valid_to) as ends_at
    from assignments
    inner join salespeople
        on
            assignments.user_id = salespeople.user_id
            and assignments.assigned_at < salespeople.valid_to
            and (assignments.ended_at is null or assignments.ended_at > salespeople.valid_from)

),

changes as (

    select
        account_id,
        {{ beginning_of_time() }} as changed_at
    from accounts

    union

    select
        account_id,
        closed_at as changed_at
    from opportunities

    union

    select
        account_id,
        starts_at as changed_at
    from assignments_to_sales

    union

    select
        account_id,
        ends_at as changed_at
    from assignments_to_sales
    where ends_at < {{ end_of_time() }}

),

stretches as (

    select
        account_id,
        changed_at as valid_from,
        lead(changed_at) over (partition by account_id order by changed_at) as valid_to
    from changes

),

latest_won_deals as (

    select
        stretches.account_id,
        stretches.valid_from,
        opportunities.opportunity_id,
        row_number() over (
            partition by stretches.account_id, stretches.valid_from
            order by opportunities.closed_at desc, opportunities.opportunity_id desc
        ) as deal_number
    from stretches
    inner join opportunities
        on stretches.account_id = opportunities.account_id and stretches.valid_from >= opportunities.closed_at

),

latest_assignments as (

    select
        stretches.account_id,
        stretches.valid_from,
        assignments_to_sales.assignment_id,
        assignments_to_sales.user_id,
        row_number() over (
            partition by stretches.account_id, stretches.valid_from
            order by assignments_to_sales.assigned_at desc, assignments_to_sales.assignment_id desc
        ) as assignment_number
    from stretches
    inner join assignments_to_sales
        on
            stretches.account_id = assignments_to_sales.account_id
            and stretches.valid_from >= assignments_to_sales.starts_at
            and stretches.valid_from < assignments_to_sales.ends_at

),

final as (

    select
        stretches.account_id,
        stretches.valid_from,
        stretches.valid_to,
        latest_won_deals.opportunity_id,
        latest_assignments.assignment_id,
        latest_assignments.user_id as assigned_user_id
    from stretches
    left join latest_won_deals
        on
            stretches.account_id = latest_won_deals.account_id
            and stretches.valid_from = latest_won_deals.valid_from
            and latest_won_deals.deal_number = 1
    left join latest_assignments
        on
            stretches.account_id = latest_assignments.account_id
            and stretches.valid_from = latest_assignments.valid_from
            and latest_assignments.assignment_number = 1

)

select * from final
