-- Guards churn, M7 in docs/metrics.md: a customer is churned at as_of if and only if its state of the running month is.
-- Both rest on the stays of the account, but each chooses the stay in its own way.
with

customers as (

    select * from {{ ref('customer_lifetime') }}

),

states as (

    select * from {{ ref('customer_month_states') }}
    where month = {{ local_month(as_of()) }}

),

final as (

    select
        customers.account_id,
        customers.is_churned,
        states.is_churned as is_churned_by_month
    from customers
    inner join states
        on customers.account_id = states.account_id
    where customers.is_churned <> states.is_churned

)

select * from final
