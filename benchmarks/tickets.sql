-- fct_tickets by hand: the SQL that an analyst would write for this one table, directly from the Parquet files. The
-- variables `input` (the folder) and `as_of` are its arguments. Types are those of the files. Rows that were delivered
-- twice are deduplicated, but nothing is quarantined, counted, tested or documented. Overlapping stretches of working
-- time, and stretches that begin or end while a clock changes, are not handled.

create temp macro as_minutes(microseconds) as microseconds / 60000000.0;
create temp macro minutes_between(earlier, later) as as_minutes(epoch_us(later) - epoch_us(earlier));

-- --------------------------------------------------------------------------------------------- people

create temp table accounts as
select account_id, account_type, merged_into_account_id as merged_into, is_deleted and merged_into is null as is_gone
from read_parquet(getvariable('input') || '/crm/accounts.parquet')
qualify row_number() over (partition by account_id order by _loaded_at desc) = 1;

-- the survivor of each account's chain of merges; null if the survivor does not count
create temp table survivors as
with recursive chain(account_id, reached) as (
    select account_id, account_id from accounts
    union
    select chain.account_id, accounts.merged_into
    from chain inner join accounts on chain.reached = accounts.account_id
    where accounts.merged_into is not null
)
select
    chain.account_id,
    if(account_type in ('internal', 'test') or is_gone, null, accounts.account_id) as survivor
from chain inner join accounts on chain.reached = accounts.account_id
where accounts.merged_into is null;

create temp table people as
with recursive contacts as (
    select contact_id, account_id, merged_into_contact_id as merged_into
    from read_parquet(getvariable('input') || '/crm/contacts.parquet')
    qualify row_number() over (partition by contact_id order by _loaded_at desc) = 1
),
chain(contact_id, reached) as (
    select contact_id, contact_id from contacts
    union
    select chain.contact_id, contacts.merged_into
    from chain inner join contacts on chain.reached = contacts.contact_id
    where contacts.merged_into is not null
)
select chain.contact_id, contacts.contact_id as survivor
from chain
inner join contacts on chain.reached = contacts.contact_id
inner join survivors on contacts.account_id = survivors.account_id
where contacts.merged_into is null and survivors.survivor is not null;

create temp table users as
select user_id, is_bot from read_parquet(getvariable('input') || '/crm/users.parquet');

-- --------------------------------------------------------------------------------------- working time

create temp table schedules as
select distinct schedule_id from read_parquet(getvariable('input') || '/support/schedules.parquet');

-- the working time of a schedule before each hour in UTC, and the stretch of work within the hour, at
-- most one stretch an hour
create temp table hours as
with opening as (
    select
        schedule_id,
        timezone(timezone, day + to_minutes(starts_minute))::timestamp as opens_at,
        timezone(timezone, day + to_minutes(ends_minute))::timestamp as closes_at
    from read_parquet(getvariable('input') || '/support/schedules.parquet') as stretches
    inner join (select unnest(range(timestamp '2023-12-01', getvariable('as_of') + interval 3 days, interval 1 day)) as day)
        on isodow(day) = weekday
    anti join read_parquet(getvariable('input') || '/support/holidays.parquet') as holidays
        on stretches.schedule_id = holidays.schedule_id and day = holiday_on
),
pieces as (
    select schedule_id, hour, greatest(opens_at, hour) as starts_at, least(closes_at, hour + interval 1 hour) as ends_at
    from opening, unnest(range(date_trunc('hour', opens_at), closes_at, interval 1 hour)) as hours (hour)
)
select
    schedule_id,
    hour,
    coalesce(starts_at, hour) as starts_at,
    coalesce(epoch_us(ends_at) - epoch_us(starts_at), 0) as open,
    coalesce(sum(open) over (
        partition by schedule_id order by hour rows between unbounded preceding and 1 preceding
    ), 0)::bigint as worked
from schedules
cross join (
    select unnest(range(timestamp '2023-12-01', getvariable('as_of') + interval 1 day, interval 1 hour)) as hour
)
left join pieces using (schedule_id, hour);

-- -------------------------------------------------------------------------------------------- tickets

create temp table tickets as
with accepted as (
    select newest.*, survivor
    from (
        select *
        from read_parquet(getvariable('input') || '/support/tickets.parquet')
        qualify row_number() over (partition by ticket_id order by _loaded_at desc) = 1
    ) as newest
    left join survivors using (account_id)
    where
        not is_deleted
        and created_at <= getvariable('as_of')
        and (survivors.account_id is null or survivor is not null)
)
select
    row_number() over () as number,
    ticket_id,
    accepted.survivor as account_id,
    people.survivor as contact_id,
    channel,
    priority,
    schedules.schedule_id,
    created_at
from accepted
left join people using (contact_id)
left join schedules using (schedule_id)
where not is_spam and (merged_into_ticket_id is null or merged_into_ticket_id not in (select ticket_id from accepted));

-- --------------------------------------------------------------------------------------------- events

-- Events need no deduplication: an event never changes, and a second copy of it changes none of the following results.
create temp macro events() as table
select number, tickets.schedule_id, events.*
from read_parquet(getvariable('input') || '/support/ticket_events.parquet') as events
inner join tickets using (ticket_id)
where occurred_at <= getvariable('as_of');

create temp table comments as
select number, actor_type, occurred_at, event_id, actor_user_id
from events()
where event_type = 'comment' and is_public and actor_type in ('customer', 'agent');

create temp table clocks as
select
    number,
    coalesce(min(occurred_at), any_value(created_at)) as started_at,
    arg_min(event_id, (occurred_at, event_id)) as request_id
from tickets
left join (select * from comments where actor_type = 'customer') as requests using (number)
group by number;

create temp table answers as
select
    number,
    min(occurred_at) as answered_at,
    arg_min_null(users.user_id, (occurred_at, event_id)) as responder
from comments
inner join clocks using (number)
left join users on actor_user_id = user_id
where
    actor_type = 'agent'
    and coalesce(not is_bot, true)
    and (occurred_at > started_at or (occurred_at = started_at and event_id > coalesce(request_id, '')))
group by number;

create temp table changes as
select
    number,
    event_type,
    new_value,
    occurred_at,
    lag(new_value) over of_kind as previous_value,
    row_number() over of_kind = 1 as is_first,
    lead(occurred_at) over of_kind as until_at
from events()
where case event_type
    when 'schedule' then true
    when 'status' then true
    when 'assignment' then new_value in (select user_id from users)
    else event_type <> 'comment' and new_value is not null
end
window of_kind as (partition by number, event_type order by occurred_at, event_id);

create temp table histories as
select
    number,
    max(occurred_at) filter (is_done and not was_done) as done_at,
    bool_or(is_done) filter (event_type = 'status' and until_at is null) as is_resolved,
    count(*) filter (was_done and not is_done) as reopen_count,
    count(*) filter (event_type = 'assignment' and new_value <> previous_value) as transfer_count,
    any_value(new_value) filter (event_type = 'assignment' and until_at is null) as assignee,
    any_value(new_value) filter (event_type = 'priority' and is_first) as first_priority
from (
    select
        *,
        event_type = 'status' and new_value in ('solved', 'closed') as is_done,
        event_type = 'status' and coalesce(previous_value in ('solved', 'closed'), false) as was_done
    from changes
)
group by number;

-- ------------------------------------------------------------------------------------ schedules in force

-- The spans of time in which a ticket waits under each of its schedules and, if the schedule changed, the same time
-- under the last schedule alone.
create temp table spans as
with waits as (
    select number, schedule_id, started_at, coalesce(answered_at, getvariable('as_of')) as ended_at
    from tickets
    inner join clocks using (number)
    left join answers using (number)
),
switches as (
    select number, schedules.schedule_id, occurred_at as from_at, until_at, is_first
    from changes
    left join schedules on new_value = schedules.schedule_id
    where event_type = 'schedule'
)
select number, schedule_id, true as is_in_force, true as is_last, started_at, ended_at
from waits
where number not in (select number from switches)
union all
select number, waits.schedule_id, true, false, started_at, least(ended_at, from_at)
from waits
inner join switches using (number)
where is_first and from_at > started_at
union all
select number, switches.schedule_id, true, false, greatest(started_at, from_at), least(ended_at, until_at)
from waits
inner join switches using (number)
where (from_at < ended_at or from_at <= started_at) and coalesce(until_at > started_at, true)
union all
select number, switches.schedule_id, false, true, started_at, ended_at
from waits
inner join switches using (number)
where until_at is null;

create temp table working_time as
with worked as (
    select
        number,
        is_in_force,
        is_last,
        (closing.worked + least(greatest(epoch_us(ended_at) - epoch_us(closing.starts_at), 0), closing.open))
        - (opening.worked + least(greatest(epoch_us(started_at) - epoch_us(opening.starts_at), 0), opening.open))
            as worked
    from spans
    left join hours as opening
        on spans.schedule_id = opening.schedule_id and date_trunc('hour', started_at) = opening.hour
    left join hours as closing
        on spans.schedule_id = closing.schedule_id and date_trunc('hour', ended_at) = closing.hour
)
select
    number,
    if(bool_and(worked is not null or not is_in_force), sum(worked) filter (is_in_force), null) as in_force,
    sum(worked) filter (is_last) as last_schedule
from worked
group by number;

-- ---------------------------------------------------------------------------------------- the fact table

create or replace table fct_tickets as
select
    ticket_id,
    account_id,
    contact_id,
    channel,
    created_at,
    started_at as clock_started_at,
    responder as first_responder_user_id,
    answered_at as first_response_at,
    minutes_between(started_at, answered_at) as first_response_minutes,
    if(answered_at is null, null, as_minutes(in_force)) as first_response_business_minutes,
    if(answered_at is null, null, as_minutes(last_schedule)) as first_response_last_schedule_minutes,
    answered_at is null as is_unanswered,
    if(answered_at is null, minutes_between(started_at, getvariable('as_of')), null) as waiting_minutes,
    if(answered_at is null, as_minutes(in_force), null) as waiting_business_minutes,
    users.user_id as assignee_user_id,
    if(is_resolved, done_at, null) as resolved_at,
    if(is_resolved, greatest(minutes_between(created_at, done_at), 0), null) as resolution_minutes,
    coalesce(reopen_count, 0) as reopen_count,
    coalesce(transfer_count, 0) as transfer_count,
    coalesce(first_priority, priority) as priority_at_creation
from tickets
inner join clocks using (number)
left join answers using (number)
left join histories using (number)
left join working_time using (number)
left join users on assignee = user_id and not is_bot;
