{{ config(materialized='view') }}

with

tickets as (

    select * from {{ ref('fct_tickets') }}

),

handoffs as (

    select * from {{ ref('fct_handoffs') }}

),

-- An open wait lasts until as_of. A response counts for the first responder, an open wait for the assignee.
final as (

    select
        'first_response' as measure,
        ticket_id as source_id,
        account_id,
        case when is_unanswered then assignee_user_id else first_responder_user_id end as user_id,
        channel,
        priority_at_creation as priority,
        {{ local_month('clock_started_at') }} as month,
        coalesce(first_response_minutes, waiting_minutes) as duration,
        not is_unanswered as is_event
    from tickets

    union all

    select
        'first_response_business' as measure,
        ticket_id as source_id,
        account_id,
        case when is_unanswered then assignee_user_id else first_responder_user_id end as user_id,
        channel,
        priority_at_creation as priority,
        {{ local_month('clock_started_at') }} as month,
        coalesce(first_response_business_minutes, waiting_business_minutes) as duration,
        not is_unanswered as is_event
    from tickets

    union all

    select
        'resolution' as measure,
        ticket_id as source_id,
        account_id,
        assignee_user_id as user_id,
        channel,
        priority_at_creation as priority,
        {{ local_month('created_at') }} as month,
        coalesce(resolution_minutes, {{ as_minutes(elapsed_microseconds('created_at', as_of())) }}) as duration,
        resolved_at is not null as is_event
    from tickets

    union all

    select
        'handoff_latency' as measure,
        handoff_id as source_id,
        account_id,
        to_user_id as user_id,
        null as channel,
        null as priority,
        {{ local_month('handed_at') }} as month,
        coalesce(latency_minutes, {{ as_minutes(elapsed_microseconds('handed_at', as_of())) }}) as duration,
        first_sign_at is not null as is_event
    from handoffs

)

select * from final
