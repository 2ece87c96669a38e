-- Guards M10: a side is credited with the whole, uncredited included, of every customer, moment and transaction.
with

shares as (

    select
        'account' as kind,
        account_id || ' from ' || valid_from as credited,
        side,
        weight
    from {{ ref('account_credits') }}

    union all

    select
        'transaction' as kind,
        transaction_id as credited,
        side,
        weight
    from {{ ref('transaction_credits') }}

    union all

    select
        'month' as kind,
        account_id || ' in ' || month as credited,
        side,
        weight
    from {{ ref('customer_month_credits') }}

)

select
    kind,
    credited,
    side,
    sum(weight) as weight
from shares
group by kind, credited, side
having sum(weight) <> 1 or min(weight) < 0
