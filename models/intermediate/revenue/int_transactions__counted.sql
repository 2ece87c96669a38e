{{ config(materialized='view') }}

with

transactions as (

    {{ accepted_rows(ref('rec_transactions')) }}

),

products as (

    {{ accepted_rows(ref('rec_products')) }}

),

final as (

    select
        transactions.transaction_id,
        transactions.account_id,
        transactions.contact_id,
        transactions.opportunity_id,
        transactions.product_id,
        products.product_family,
        products.tier,
        transactions.transaction_type,
        transactions.transaction_type = 'charge' and transactions.reporting_amount > 0 as is_charge,
        transactions.transaction_type <> 'charge' as is_reversal,
        transactions.original_transaction_id,
        transactions.transacted_at,
        transactions.quantity,
        transactions.currency_code,
        transactions.amount,
        transactions.exchange_rate,
        transactions.reporting_amount
    from transactions
    left join products
        on transactions.product_id = products.product_id
    where
        transactions.status = 'completed'
        and transactions.transaction_type <> 'transfer'

)

select * from final
