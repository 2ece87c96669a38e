-- Guards M10 in docs/metrics.md: the weights of each side, including `uncredited`, sum to 1 for every customer at every
-- moment and in every month, and for every transaction.
with

sides as (

    select 'marketing' as side

    union all

    select 'sales' as side

),

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

    union all

    -- A month without any credit has the sum 0, so that it is found.
    select
        'month' as kind,
        customer_months.account_id || ' in ' || customer_months.month as credited,
        sides.side,
        coalesce(credits.weight, 0) as weight
    from {{ ref('customer_months') }} as customer_months
    cross join sides
    left join {{ ref('credit_accounts') }} as credits
        on
            customer_months.account_id = credits.account_id
            and sides.side = credits.side
            and customer_months.month >= credits.from_month
            and (credits.to_month is null or customer_months.month < credits.to_month)

)

select
    kind,
    credited,
    side,
    sum(weight) as weight
from shares
group by kind, credited, side
having sum(weight) <> 1 or min(weight) < 0
