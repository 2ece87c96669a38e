-- Guards closed_periods in rules_contract.yml: months close in order, after their end, and for good.
with

closed_periods as (

    select * from {{ ref('closed_periods') }}

),

ledger_closes as (

    select * from {{ ref('ledger_closes') }}

),

judged as (

    select
        closed_periods.period,
        case
            when closed_periods.period <> {{ dbt.date_trunc('month', 'closed_periods.period') }}
                then 'a period must be the first day of its month.'
            when {{ local_month('closed_periods.closed_at') }} <= closed_periods.period
                then 'it is closed at ' || closed_periods.closed_at || ', before it is over.'
            when
                ledger_closes.period is null
                and closed_periods.period < (select max(earlier.period) from ledger_closes as earlier)
                then 'a later period was closed before; periods close in order.'
            when
                previous.period is null
                and closed_periods.period > (select min(earliest.period) from closed_periods as earliest)
                then 'the month before it is not closed; periods close in order.'
            when previous.closed_at > closed_periods.closed_at
                then 'it is closed before the month before it; periods close in order.'
        end as fault
    from closed_periods
    left join closed_periods as previous
        on {{ dbt.dateadd('month', -1, 'closed_periods.period') }} = previous.period
    left join ledger_closes
        on closed_periods.period = ledger_closes.period

    union all

    select
        ledger_closes.period,
        'it is closed and published, and has no row any more; a close is not taken back.' as fault
    from ledger_closes
    left join closed_periods
        on ledger_closes.period = closed_periods.period
    where closed_periods.period is null

    union all

    select
        period,
        'it was closed as of ' || as_of
        || ', which is later than the as_of of this build; a build cannot go back behind a close.' as fault
    from ledger_closes
    where as_of > {{ as_of() }}

)

select 'closed_periods.csv: period ' || period || ': ' || fault as fault
from judged
where fault is not null
