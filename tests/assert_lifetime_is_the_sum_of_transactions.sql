-- Guards M1 in docs/metrics.md: the customers are exactly the accounts with a counted charge above 0, and their
-- figures are the sums of their rows of fct_transactions.
with

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

totals as (

    select
        account_id,
        sum(reporting_amount) as cltv,
        count(case when is_charge then 1 end) as transaction_count,
        sum(
            case when movement in ('cross_sell', 'up_sell') then expansion_amount else 0 end
        ) as expansion_amount
    from transactions
    group by account_id

),

customers as (

    select * from totals
    where transaction_count > 0

),

final as (

    select
        coalesce(customers.account_id, lifetimes.account_id) as account_id,
        customers.cltv as transactions_cltv,
        lifetimes.cltv,
        customers.transaction_count as charges,
        lifetimes.transaction_count,
        customers.expansion_amount as transactions_expansion,
        lifetimes.cross_sell_expansion + lifetimes.up_sell_expansion as expansion_amount
    from customers
    full outer join lifetimes
        on customers.account_id = lifetimes.account_id

)

select * from final
where
    transactions_cltv is distinct from cltv
    or charges is distinct from transaction_count
    or transactions_expansion is distinct from expansion_amount
