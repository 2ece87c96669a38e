with

tickets as (

    {{ accepted_rows(ref('rec_tickets')) }}

),

responses as (

    select * from {{ ref('int_tickets__first_responses') }}

),

changes as (

    select * from {{ ref('int_ticket_events__changes') }}
    where event_type = 'schedule'

),

working_time as (

    select * from {{ ref('int_schedules__working_time') }}

),

waits as (

    select
        responses.ticket_id,
        tickets.schedule_id,
        responses.clock_started_at as starts_at,
        coalesce(responses.first_response_at, {{ as_of() }}) as ends_at
    from responses
    inner join tickets
        on responses.ticket_id = tickets.ticket_id

),

-- The first change of the schedule: until then the schedule of the ticket itself is in force.
first_changes as (

    select
        ticket_id,
        changed_at
    from changes
    where is_first

),

-- Three parts: the schedule of the ticket until the first change, the schedules set by changes, and the latest schedule
-- for the whole wait.
stretches as (

    select
        waits.*,
        first_changes.changed_at as until_at,
        true as is_in_force,
        first_changes.ticket_id is null as is_latest
    from waits
    left join first_changes
        on waits.ticket_id = first_changes.ticket_id
    where first_changes.changed_at is null or first_changes.changed_at > waits.starts_at

    union all

    select
        waits.ticket_id,
        changes.new_value as schedule_id,
        greatest(changes.changed_at, waits.starts_at) as starts_at,
        waits.ends_at,
        changes.until_at,
        true as is_in_force,
        false as is_latest
    from waits
    inner join changes
        on waits.ticket_id = changes.ticket_id
    where
        -- A wait of no length is measured by the schedule in force at its moment.
        (changes.changed_at < waits.ends_at or changes.changed_at <= waits.starts_at)
        -- A schedule that was replaced at the same moment was in force for no time.
        and (changes.until_at is null or changes.until_at > greatest(changes.changed_at, waits.starts_at))

    union all

    select
        waits.ticket_id,
        changes.new_value as schedule_id,
        waits.starts_at,
        waits.ends_at,
        null as until_at,
        false as is_in_force,
        true as is_latest
    from waits
    inner join changes
        on waits.ticket_id = changes.ticket_id
    where changes.until_at is null

),

spans as (

    select
        ticket_id,
        is_in_force,
        is_latest,
        schedule_id,
        starts_at,
        coalesce(least(ends_at, until_at), ends_at) as ends_at
    from stretches

),

worked as (

    {{ working_time_in('spans', 'working_time') }}

),

final as (

    select
        ticket_id,
        -- Not known if the ticket had no schedule for a part of the wait.
        case
            when bool_and(worked_microseconds is not null or not is_in_force)
                then sum(case when is_in_force then worked_microseconds end)
        end as in_force_microseconds,
        sum(case when is_latest then worked_microseconds end) as latest_microseconds
    from worked
    group by ticket_id

)

select * from final
