-- Guards M1 and M2 in docs/metrics.md: the months of a customer contain all its money from the month of the first
-- charge on. The figures at the end of the last month, which are running totals of changes, equal those of
-- customer_lifetime, which come from the answers themselves.
with

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

customer_months as (

    select * from {{ ref('customer_months') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

last_months as (

    select
        account_id,
        max(month) as month,
        sum(reporting_amount) as reporting_amount,
        sum(transaction_count) as transaction_count
    from customer_months
    group by account_id

),

known as (

    select
        last_months.account_id,
        last_months.reporting_amount,
        last_months.transaction_count,
        customer_months.cltv,
        customer_months.csat_1_10,
        customer_months.ppp
    from last_months
    inner join customer_months
        on
            last_months.account_id = customer_months.account_id
            and last_months.month = customer_months.month

),

money as (

    select
        transactions.account_id,
        sum(transactions.reporting_amount) as reporting_amount
    from transactions
    inner join lifetimes
        on transactions.account_id = lifetimes.account_id
    where
        {{ local_month('transactions.transacted_at') }}
        >= {{ local_month('lifetimes.first_charge_at') }}
    group by transactions.account_id

),

final as (

    select
        lifetimes.account_id,
        lifetimes.cltv,
        known.cltv as last_cltv,
        lifetimes.csat_1_10,
        known.csat_1_10 as last_csat_1_10,
        lifetimes.ppp,
        known.ppp as last_ppp,
        lifetimes.transaction_count,
        known.transaction_count as months_transaction_count,
        money.reporting_amount,
        known.reporting_amount as months_reporting_amount
    from lifetimes
    left join known
        on lifetimes.account_id = known.account_id
    left join money
        on lifetimes.account_id = money.account_id

)

select * from final
where
    cltv is distinct from last_cltv
    or csat_1_10 is distinct from last_csat_1_10
    or ppp is distinct from last_ppp
    or transaction_count is distinct from months_transaction_count
    or reporting_amount is distinct from months_reporting_amount
