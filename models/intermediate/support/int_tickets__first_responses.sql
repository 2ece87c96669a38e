with

tickets as (

    {{ accepted_rows(ref('rec_tickets')) }}

),

events as (

    {{ accepted_rows(ref('rec_ticket_events')) }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

-- Events at the same moment are ordered by event_id.
requests as (

    select
        ticket_id,
        min(occurred_at) as requested_at,
        {{ first_by('event_id', ['occurred_at', 'event_id']) }} as request_event_id
    from events
    where
        event_type = 'comment'
        and is_public
        and actor_type = 'customer'
    group by ticket_id

),

clocks as (

    select
        tickets.ticket_id,
        coalesce(requests.requested_at, tickets.created_at) as clock_started_at,
        coalesce(requests.request_event_id, '') as request_event_id
    from tickets
    left join requests
        on tickets.ticket_id = requests.ticket_id
    where
        not tickets.is_spam
        and tickets.merged_into_ticket_id is null

),

answers as (

    select
        clocks.ticket_id,
        min(events.occurred_at) as first_response_at,
        {{ first_by('events.actor_user_id', ['events.occurred_at', 'events.event_id']) }} as first_responder_user_id
    from events
    inner join clocks
        on events.ticket_id = clocks.ticket_id
    left join users
        on events.actor_user_id = users.user_id
    where
        events.event_type = 'comment'
        and events.is_public
        and events.actor_type = 'agent'
        and not coalesce(users.is_bot, false)
        and (
            events.occurred_at > clocks.clock_started_at
            or (events.occurred_at = clocks.clock_started_at and events.event_id > clocks.request_event_id)
        )
    group by clocks.ticket_id

),

final as (

    select
        clocks.ticket_id,
        clocks.clock_started_at,
        answers.first_responder_user_id,
        answers.first_response_at
    from clocks
    left join answers
        on clocks.ticket_id = answers.ticket_id

)

select * from final
