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
    where team = 'sales'

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
        assigned_at as changed_at
    from assignments

    union

    select
        account_id,
        ended_at as changed_at
    from assignments
    where ended_at is not null

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
        assignments.assignment_id,
        assignments.user_id,
        row_number() over (
            partition by stretches.account_id, stretches.valid_from
            order by assignments.assigned_at desc, assignments.assignment_id desc
        ) as assignment_number
    from stretches
    inner join assignments
        on
            stretches.account_id = assignments.account_id
            and stretches.valid_from >= assignments.assigned_at
            and (assignments.ended_at is null or stretches.valid_from < assignments.ended_at)

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
