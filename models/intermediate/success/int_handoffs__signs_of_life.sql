with

handoffs as (

    select * from {{ ref('int_handoffs__given') }}

),

touches as (

    {{ accepted_rows(ref('rec_touches')) }}

),

touched_accounts as (

    select * from {{ ref('int_touches__accounts') }}

),

tickets as (

    {{ accepted_rows(ref('rec_tickets')) }}

),

events as (

    {{ accepted_rows(ref('rec_ticket_events')) }}

),

signs as (

    select
        handoff_id,
        greatest(accepted_at, handed_at) as sign_at
    from handoffs
    where accepted_at is not null

    union all

    select
        handoffs.handoff_id,
        touches.occurred_at as sign_at
    from handoffs
    inner join touched_accounts
        on handoffs.account_id = touched_accounts.account_id
    inner join touches
        on
            touched_accounts.touch_id = touches.touch_id
            and handoffs.to_user_id = touches.user_id
            and handoffs.handed_at <= touches.occurred_at

    union all

    select
        handoffs.handoff_id,
        touches.occurred_at as sign_at
    from handoffs
    inner join touches
        on
            handoffs.lead_id = touches.lead_id
            and handoffs.to_user_id = touches.user_id
            and handoffs.handed_at <= touches.occurred_at

    union all

    select
        handoffs.handoff_id,
        events.occurred_at as sign_at
    from handoffs
    inner join tickets
        on handoffs.account_id = tickets.account_id
    inner join events
        on
            tickets.ticket_id = events.ticket_id
            and handoffs.to_user_id = events.actor_user_id
            and handoffs.handed_at <= events.occurred_at
    where
        events.event_type = 'comment'
        and events.is_public

),

final as (

    select
        handoff_id,
        min(sign_at) as first_sign_at
    from signs
    group by handoff_id

)

select * from final
