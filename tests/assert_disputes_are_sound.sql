-- Guards disputes in rules_contract.yml: a dispute is about the pay of an employee in a month, and a decision has an
-- author, a day and an amount. A dispute that moved money in a closed period stays, even if the CRM no longer has the
-- employee.
with

disputes as (

    select * from {{ ref('disputes') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

paid as (

    select * from {{ ref('ledger_adjustments') }}
    where dispute_id is not null

),

judged as (

    select
        disputes.dispute_id,
        case
            when employees.user_id is null and disputes.dispute_id not in (select paid.dispute_id from paid)
                then 'the user ' || disputes.user_id || ' does not exist, or is a bot.'
            when disputes.period <> {{ dbt.date_trunc('month', 'disputes.period') }}
                then 'a period must be the first day of its month.'
            when disputes.decision <> 'open' and (disputes.decided_on is null or disputes.decided_by is null)
                then 'it is decided, but decided_by or decided_on is empty.'
            when disputes.decision = 'accepted' and disputes.amount is null
                then 'it is accepted, but without an amount.'
        end as fault
    from disputes
    left join employees
        on disputes.user_id = employees.user_id

)

select 'disputes.csv: dispute ' || dispute_id || ': ' || fault as fault
from judged
where fault is not null

union all

select distinct
    'disputes.csv: dispute ' || paid.dispute_id
    || ': it moved money in a closed period and has no row any more; take it back by another decision.' as fault
from paid
where paid.dispute_id not in (select disputes.dispute_id from disputes)

union all

select distinct
    'disputes.csv: dispute ' || paid.dispute_id
    || ': it moved money of another payee or period; take it back by another decision, and write another.' as fault
from paid
inner join disputes
    on paid.dispute_id = disputes.dispute_id
where
    paid.user_id <> disputes.user_id
    or paid.original_period <> disputes.period
