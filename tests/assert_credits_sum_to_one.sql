-- Guards M10: a side is credited with the whole, uncredited included, of every customer at every moment and of every
-- transaction.
with

shares as (

    select
        'account' as kind,
        account_id || ' from ' || valid_from as credited,
        side,
        weight
    from {{ ref('credit_accounts') }}

    union all

    select
        'transaction' as kind,
        transaction_id as credited,
        side,
        weight
    from {{ ref('credit_transactions') }}

)

select
    kind,
    credited,
    side,
    sum(weight) as weight
from shares
group by kind, credited, side
having sum(weight) <> 1 or min(weight) < 0
