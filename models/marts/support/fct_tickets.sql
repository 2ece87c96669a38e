with

tickets as (

    {{ accepted_rows(ref('rec_tickets')) }}

),

responses as (

    select * from {{ ref('int_tickets__first_responses') }}

),

working_time as (

    select * from {{ ref('int_tickets__working_time') }}

),

histories as (

    select * from {{ ref('int_tickets__histories') }}

),

-- the customer waited until the first response, or until as_of if there is none
timed as (

    select
        tickets.ticket_id,
        tickets.account_id,
        tickets.contact_id,
        tickets.channel,
        tickets.created_at,
        responses.clock_started_at,
        responses.first_responder_user_id,
        responses.first_response_at,
        responses.first_response_at is null as is_unanswered,
        {{ as_minutes(elapsed_microseconds(
            'responses.clock_started_at', 'coalesce(responses.first_response_at, ' ~ as_of() ~ ')'
        )) }} as waited_minutes,
        {{ as_minutes('working_time.in_force_microseconds') }} as waited_business_minutes,
        {{ as_minutes('working_time.latest_microseconds') }} as waited_last_schedule_minutes,
        histories.assignee_user_id,
        histories.resolved_at,
        {{ as_minutes(elapsed_microseconds(
            'tickets.created_at', 'greatest(tickets.created_at, histories.resolved_at)'
        )) }} as elapsed_minutes,
        coalesce(histories.reopen_count, 0) as reopen_count,
        coalesce(histories.transfer_count, 0) as transfer_count,
        coalesce(histories.first_priority, tickets.priority) as priority_at_creation
    from tickets
    inner join responses
        on tickets.ticket_id = responses.ticket_id
    left join working_time
        on tickets.ticket_id = working_time.ticket_id
    left join histories
        on tickets.ticket_id = histories.ticket_id

),

final as (

    select
        ticket_id,
        account_id,
        contact_id,
        channel,
        created_at,
        clock_started_at,
        first_responder_user_id,
        first_response_at,
        case when not is_unanswered then waited_minutes end as first_response_minutes,
        case when not is_unanswered then waited_business_minutes end as first_response_business_minutes,
        case when not is_unanswered then waited_last_schedule_minutes end as first_response_last_schedule_minutes,
        is_unanswered,
        case when is_unanswered then waited_minutes end as waiting_minutes,
        case when is_unanswered then waited_business_minutes end as waiting_business_minutes,
        assignee_user_id,
        resolved_at,
        case when resolved_at is not null then elapsed_minutes end as resolution_minutes,
        reopen_count,
        transfer_count,
        priority_at_creation
    from timed

)

select * from final
