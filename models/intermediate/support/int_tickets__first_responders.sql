with

tickets as (

    select * from {{ ref('int_tickets__resolved') }}
    where
        row_state = 'accepted'
        and not is_spam
        and merged_into_ticket_id is null

),

events as (

    select * from {{ ref('int_ticket_events__resolved') }}
    where
        row_state = 'accepted'
        and event_type = 'comment'
        and is_public

),

users as (

    {{ accepted_rows(ref('int_users__resolved')) }}

),

-- the clock starts at the customer's first public comment, else at the ticket's creation
first_requests as (

    select
        ticket_id,
        occurred_at,
        event_id,
        row_number() over (partition by ticket_id order by occurred_at, event_id) as request_number
    from events
    where actor_type = 'customer'

),

answers as (

    select
        events.ticket_id,
        events.actor_user_id,
        row_number() over (
            partition by events.ticket_id
            order by events.occurred_at, events.event_id
        ) as answer_number
    from tickets
    left join first_requests
        on tickets.ticket_id = first_requests.ticket_id and first_requests.request_number = 1
    inner join events
        on tickets.ticket_id = events.ticket_id
    left join users
        on events.actor_user_id = users.user_id
    where
        events.actor_type = 'agent'
        and not coalesce(users.is_bot, false)
        and events.occurred_at >= coalesce(first_requests.occurred_at, tickets.created_at)
        -- events of one moment are ordered by their ids
        and not coalesce(
            events.occurred_at = first_requests.occurred_at and events.event_id < first_requests.event_id, false
        )

),

final as (

    select
        ticket_id,
        actor_user_id as first_responder_user_id
    from answers
    where answer_number = 1

)

select * from final
