-- A company that has only support data, as Parquet files in the input contract's layout, in the folder of the variable
-- `folder`. The variable `tickets` is the number of tickets. The variable `stretch` is a factor on the time between a
-- ticket's creation and each of its events; nothing else depends on it. Every value is a hash of the row's number and a
-- salt, so the data are the same on every run. All events are before 2026-07-01 even with a factor of 100, so no row is
-- in the future.

create macro chance(number, salt) as (hash(number * 64 + salt) >> 11) / 9007199254740992.0;
create macro pick(number, salt, choices) as choices[1 + (hash(number * 64 + salt) % len(choices)::ubigint)::bigint];

-- ------------------------------------------------------------------------------------- accounts, people

copy (
    select
        timestamp '2026-06-30 06:00:00' as _loaded_at,
        'account_' || i as account_id,
        'Account ' || i as account_name,
        case when chance(i, 1) < 0.99 then 'business' else pick(i, 2, ['internal', 'test']) end as account_type,
        case when chance(i, 3) < 0.01 then 'account_' || (i // 2 + 1) end as merged_into_account_id,
        timestamp '2023-01-01' + to_seconds((chance(i, 4) * 31536000)::bigint) as created_at,
        chance(i, 5) < 0.005 as is_deleted
    from generate_series(1, 50000) as numbers (i)
) to (getvariable('folder') || '/crm/accounts.parquet');

copy (
    select
        timestamp '2026-06-30 06:00:00' as _loaded_at,
        'contact_' || i as contact_id,
        'account_' || (1 + i % 50000) as account_id,
        'contact_' || i || '@example.com' as email,
        case when chance(i, 1) < 0.01 then 'contact_' || (i // 2 + 1) end as merged_into_contact_id,
        timestamp '2023-01-01' + to_seconds((chance(i, 2) * 31536000)::bigint) as created_at
    from generate_series(1, 120000) as numbers (i)
) to (getvariable('folder') || '/crm/contacts.parquet');

copy (
    select
        'user_' || i as user_id,
        'User ' || i as user_name,
        'support' as team,
        i % 20 = 0 as is_bot
    from generate_series(1, 400) as numbers (i)
) to (getvariable('folder') || '/crm/users.parquet');

-- --------------------------------------------------------------------------------------- working time

copy (
    select schedule_id, weekday, starts_minute, ends_minute, timezone
    from (
        values
            ('berlin', 5, 540, 750, 'Europe/Berlin'),
            ('berlin', 5, 810, 1080, 'Europe/Berlin'),
            ('boston', 5, 480, 720, 'America/New_York'),
            ('boston', 5, 780, 1020, 'America/New_York'),
            ('sydney', 5, 540, 720, 'Australia/Sydney'),
            ('sydney', 5, 780, 1020, 'Australia/Sydney'),
            ('kolkata', 6, 540, 1080, 'Asia/Kolkata'),
            ('always', 7, 0, 1440, 'America/Los_Angeles')
    ) as stretches (schedule_id, weekdays, starts_minute, ends_minute, timezone)
    inner join generate_series(1, 7) as days (weekday) on weekday <= weekdays
) to (getvariable('folder') || '/support/schedules.parquet');

copy (
    select distinct
        schedule_id,
        date '2024-01-01' + (hash(year * 64 + i) % 366)::integer + 365 * year::integer as holiday_on
    from generate_series(0, 2) as years (year),
        (values (1, 'berlin'), (2, 'boston'), (3, 'sydney'), (4, 'kolkata')) as schedules (number, schedule_id),
        generate_series(number * 12, number * 12 + 9) as holidays (i)
) to (getvariable('folder') || '/support/holidays.parquet');

-- -------------------------------------------------------------------------------------------- tickets

-- `pace` is a unit of time of the ticket, in seconds; its last event is at most 6 paces after its creation.
create table tickets as
select
    i,
    timestamp '2024-01-01' + to_seconds((chance(i, 0) * 54000000)::bigint) as created_at,
    getvariable('stretch') * 1200 * exp(3 * chance(i, 1)) as pace
from generate_series(1, getvariable('tickets')) as numbers (i);

-- 1 % of the rows of tickets and events are delivered twice; the later delivery of a ticket has another priority.
copy (
    select
        timestamp '2026-06-30 06:00:00' + to_hours(delivery) as _loaded_at,
        'ticket_' || i as ticket_id,
        case when chance(i, 2) < 0.98 then 'account_' || (hash(i * 64 + 3) % 50500 + 1) end as account_id,
        case when chance(i, 4) < 0.95 then 'contact_' || (hash(i * 64 + 5) % 120000 + 1) end as contact_id,
        pick(i, 6, ['email', 'email', 'chat', 'phone']) as channel,
        pick(i + delivery, 7, ['low', 'normal', 'normal', 'high', 'urgent', null]) as priority,
        pick(
            i, 8,
            [
                'berlin', 'berlin', 'berlin', 'boston', 'boston', 'boston', 'kolkata', 'kolkata',
                'sydney', 'sydney', 'always', 'missing', null
            ]
        ) as schedule_id,
        chance(i, 9) < 0.02 as is_spam,
        case when chance(i, 10) < 0.01 then 'ticket_' || (i // 2 + 1) end as merged_into_ticket_id,
        created_at,
        chance(i, 11) < 0.005 as is_deleted
    from tickets
    inner join generate_series(0, 1) as deliveries (delivery) on delivery = 0 or chance(i, 12) < 0.01
    order by created_at, i, delivery
) to (getvariable('folder') || '/support/tickets.parquet');

-- --------------------------------------------------------------------------------------------- events

-- `slot` identifies an event within its ticket; `moment` is in paces. Moments are rounded to seconds, so some events of
-- a ticket coincide.
create table slots as
select
    slot,
    moment,
    share,
    event_type,
    actors,
    choices
from (
    values
        (1, 0.0, 1.0, 'comment', ['customer'], null),
        (2, 0.2, 1.0, 'comment', ['agent', 'agent', 'agent', 'agent', 'bot', 'customer'], null),
        (3, 1.0, 1.0, 'comment', ['agent', 'agent', 'customer', 'system'], null),
        (4, 2.0, 1.0, 'comment', ['agent', 'customer', 'customer'], null),
        (5, 3.0, 1.0, 'comment', ['agent', 'agent', 'customer'], null),
        (6, 0.0, 0.97, 'assignment', ['system'], null),
        (7, 1.0, 0.2, 'assignment', ['agent'], null),
        (8, 0.5, 1.0, 'status', ['agent'], ['open']),
        (9, 3.0, 0.9, 'status', ['agent'], ['solved', 'solved', 'closed', 'pending']),
        (10, 4.0, 0.15, 'status', ['customer'], ['open', 'closed']),
        (11, 5.0, 0.12, 'status', ['agent'], ['solved']),
        (12, 0.5, 0.3, 'priority', ['agent'], ['low', 'normal', 'high', 'urgent']),
        (13, 0.1, 0.04, 'schedule', ['system'], ['berlin', 'boston', 'kolkata', 'sydney', 'always', null]),
        (14, 1.5, 0.01, 'schedule', ['system'], ['berlin', 'boston', 'always', 'missing'])
) as slots (slot, moment, share, event_type, actors, choices);

-- 3 % of the tickets have no answer by an agent, and 1 % have no comment by the customer.
copy (
    with happened as (
        select
            tickets.*,
            slots.*,
            i * 16 + slot as number,
            case
                when event_type <> 'comment' then actors[1]
                when chance(i, 13) < 0.03 and slot > 1 then 'customer'
                when chance(i, 13) > 0.99 then 'agent'
                else pick(i, slot + 16, actors)
            end as actor_type
        from tickets
        inner join slots on chance(i, slot + 32) < share
    )
    select
        timestamp '2026-06-30 06:00:00' + to_hours(delivery) as _loaded_at,
        'event_' || number as event_id,
        'ticket_' || case when chance(number, 1) < 0.001 then -i else i end as ticket_id,
        created_at + to_seconds((pace * (moment + chance(number, 2) * 0.9))::bigint) as occurred_at,
        event_type,
        actor_type,
        case
            when actor_type in ('agent', 'bot') then 'user_' || (hash(number * 64 + 3) % 402 + 1)
        end as actor_user_id,
        chance(number, 4) > 0.15 or slot = 1 as is_public,
        case
            when event_type = 'assignment' then 'user_' || (hash(number * 64 + 5) % 401 + 1)
            else pick(number, 6, choices)
        end as new_value
    from happened
    inner join generate_series(0, 1) as deliveries (delivery) on delivery = 0 or chance(number, 7) < 0.01
    order by occurred_at, number, delivery
) to (getvariable('folder') || '/support/ticket_events.parquet');
