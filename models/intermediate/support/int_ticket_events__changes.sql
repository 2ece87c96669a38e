with

events as (

    {{ accepted_rows(ref('rec_ticket_events')) }}

),

-- An empty schedule is a value (the ticket has none), and so is an empty status (the ticket is not solved). An empty
-- value of another event says nothing and is left out.
changes as (

    select
        event_id,
        ticket_id,
        event_type,
        occurred_at as changed_at,
        new_value
    from events
    where
        event_type in ('schedule', 'status')
        or (event_type in ('assignment', 'priority') and new_value is not null)

),

final as (

    select
        event_id,
        ticket_id,
        event_type,
        changed_at,
        new_value,
        lag(new_value) over (
            partition by ticket_id, event_type
            order by changed_at, event_id
        ) as previous_value,
        lag(changed_at) over (
            partition by ticket_id, event_type
            order by changed_at, event_id
        ) is null as is_first,
        lead(changed_at) over (
            partition by ticket_id, event_type
            order by changed_at, event_id
        ) as until_at
    from changes

)

select * from final
