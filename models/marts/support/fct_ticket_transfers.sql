with

changes as (

    select * from {{ ref('int_ticket_events__changes') }}
    where event_type = 'assignment'

),

tickets as (

    select * from {{ ref('int_tickets__first_responses') }}

),

final as (

    select
        changes.event_id,
        changes.ticket_id,
        changes.previous_value as from_user_id,
        changes.new_value as to_user_id,
        changes.changed_at as transferred_at
    from changes
    inner join tickets
        on changes.ticket_id = tickets.ticket_id
    where changes.new_value <> changes.previous_value

)

select * from final
