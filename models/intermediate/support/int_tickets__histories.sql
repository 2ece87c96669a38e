with

changes as (

    select * from {{ ref('int_ticket_events__changes') }}
    where event_type in ('status', 'assignment', 'priority')

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

steps as (

    select
        ticket_id,
        event_type,
        changed_at,
        new_value,
        previous_value,
        is_first,
        until_at is null as is_latest,
        event_type = 'status' and coalesce(new_value, '') in ('solved', 'closed') as is_done,
        event_type = 'status' and coalesce(previous_value, '') in ('solved', 'closed') as was_done
    from changes

),

histories as (

    select
        ticket_id,
        -- Periods of being solved or closed begin and end in turn. One more beginning than ends means that the last
        -- period lasts.
        count(case when is_done and not was_done then 1 end) > count(case when was_done and not is_done then 1 end)
            as is_resolved,
        max(case when is_done and not was_done then changed_at end) as latest_done_at,
        count(case when was_done and not is_done then 1 end) as reopen_count,
        count(case when event_type = 'assignment' and new_value <> previous_value then 1 end) as transfer_count,
        max(case when event_type = 'assignment' and is_latest then new_value end) as latest_assignee,
        max(case when event_type = 'priority' and is_first then new_value end) as first_priority
    from steps
    group by ticket_id

),

final as (

    select
        histories.ticket_id,
        case when histories.is_resolved then histories.latest_done_at end as resolved_at,
        histories.reopen_count,
        histories.transfer_count,
        users.user_id as assignee_user_id,
        histories.first_priority
    from histories
    left join users
        on histories.latest_assignee = users.user_id and not users.is_bot

)

select * from final
