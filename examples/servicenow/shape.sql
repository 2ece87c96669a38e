-- A company's incident log, shaped into the tables of the input contract.
-- The log has a line for each change of an incident, with all values of the incident after the
-- change. Its callers are the help desk's customers, and the differences between lines are the
-- events.
-- ../shape.py loads the log as a table of text in the schema source, runs this file, writes each
-- view of the schemas crm and support as a CSV file of the same name, and prints the counts of the
-- view left_out.

create schema servicenow;
create schema crm;
create schema support;


-- 1 The log, with the contract's names and types ------------------------------------------------

-- Times are written with the day first. Their time zone is not stated; they are read as UTC.
create macro read_time(local_time) as strptime(local_time, '%d/%m/%Y %H:%M');

-- '-100' is not a state of an incident, so the state before it stays valid. A state that is not
-- listed stops the run, because the warehouse would quarantine each event with it.
create macro read_status(incident_state) as
    case
        when incident_state = 'New' then 'new'
        when incident_state = 'Active' then 'open'
        when
            incident_state in (
                'Awaiting Evidence',
                'Awaiting Problem',
                'Awaiting User Info',
                'Awaiting Vendor'
            )
            then 'pending'
        when incident_state = 'Resolved' then 'solved'
        when incident_state = 'Closed' then 'closed'
        when incident_state not in ('?', '-100')
            then error('shape.sql knows no state ' || incident_state)
    end;

-- The log writes '?' for an unknown value.
-- Lines are sorted by time and, within a minute, by sys_mod_count. Five incidents have a
-- sys_mod_count twice, on lines of different times, so it alone is neither an order nor a key.
create table servicenow.lines as
with

distinct_lines as (
    select distinct * from source.incident_event_log
),

typed as (
    select
        number as ticket_id,
        read_time(opened_at) as opened_at,
        read_time(sys_updated_at) as occurred_at,
        sys_mod_count::integer as modification_number,
        read_status(incident_state) as status,
        nullif(assigned_to, '?') as assignee_user_id,
        nullif(priority, '?') as priority,
        nullif(caller_id, '?') as caller_id,
        nullif(contact_type, '?') as channel,
        incident_state
    from distinct_lines
),

final as (
    select
        *,
        row_number() over (
            partition by ticket_id
            order by occurred_at, modification_number, typed
        ) as line_number
    from typed
)

select * from final;

-- A value of an incident is the last known value in its lines, as in the system of record.
create table servicenow.incidents as
select
    ticket_id,
    min(opened_at) as opened_at,
    arg_max(caller_id, line_number) as caller_id,
    arg_max(channel, line_number) as channel,
    arg_max(priority, line_number) as priority
from servicenow.lines
group by ticket_id;

-- Each change of a value is an event, and so is its first known value; an unknown value in a line is
-- no change.
create table servicenow.changes as
with

known as (
    select
        ticket_id,
        line_number,
        occurred_at,
        'status' as event_type,
        status as new_value
    from servicenow.lines
    where status is not null
    union all
    select
        ticket_id,
        line_number,
        occurred_at,
        'assignment' as event_type,
        assignee_user_id as new_value
    from servicenow.lines
    where assignee_user_id is not null
    union all
    select
        ticket_id,
        line_number,
        occurred_at,
        'priority' as event_type,
        priority as new_value
    from servicenow.lines
    where priority is not null
),

compared as (
    select
        *,
        lag(new_value) over (
            partition by ticket_id, event_type
            order by line_number
        ) as old_value
    from known
),

final as (
    select * exclude (old_value)
    from compared
    where new_value is distinct from old_value
)

select * from final;


-- 2 The tables of the contract ------------------------------------------------------------------

-- A caller is a customer of the help desk, and its own only contact. It is created at its first
-- incident, so that no incident is before the creation of its caller.
create view crm.accounts as
select
    caller_id as account_id,
    'person' as account_type,
    min(opened_at) as created_at
from servicenow.incidents
where caller_id is not null
group by caller_id;

create view crm.contacts as
select
    account_id as contact_id,
    account_id,
    created_at
from crm.accounts;

create view crm.users as
select distinct
    assignee_user_id as user_id,
    'support' as team
from servicenow.lines
where assignee_user_id is not null;

create view support.tickets as
select
    ticket_id,
    caller_id as account_id,
    caller_id as contact_id,
    channel,
    priority,
    opened_at as created_at
from servicenow.incidents;

-- The log holds states but no replies, so no event is a comment. The person who changed a line has a
-- number of another kind than the assignees, and may be a job; so the actor is the system. The
-- warehouse sorts events of the same moment by event_id, so event_id holds the number of the line
-- within its incident, with leading zeros.
create view support.ticket_events as
select
    ticket_id || '-' || lpad(line_number::varchar, 4, '0') || '-' || event_type as event_id,
    ticket_id,
    occurred_at,
    event_type,
    'system' as actor_type,
    new_value
from servicenow.changes;


-- 3 Rows without a table ------------------------------------------------------------------------

create view left_out as
select
    'repeated log lines' as what,
    (select count(*) from source.incident_event_log) - count(*) as row_count
from servicenow.lines
union all
select
    'log lines that change neither status nor assignee nor priority' as what,
    count(*) as row_count
from servicenow.lines
where (ticket_id, line_number) not in (select (ticket_id, line_number) from servicenow.changes)
union all
select
    'states of -100' as what,
    count(*) as row_count
from servicenow.lines
where incident_state = '-100';
