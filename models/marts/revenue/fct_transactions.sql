with

transactions as (

    select * from {{ ref('int_transactions__counted') }}

),

charges as (

    select * from {{ ref('int_charges__expansions') }}

),

reversals as (

    select * from {{ ref('int_reversals__given_back') }}

),

final as (

    select
        transactions.transaction_id,
        transactions.account_id,
        transactions.contact_id,
        transactions.opportunity_id,
        transactions.product_id,
        transactions.product_family,
        transactions.transaction_type,
        transactions.is_charge,
        transactions.original_transaction_id,
        transactions.transacted_at,
        {{ local_day('transactions.transacted_at') }} as transacted_on,
        transactions.quantity,
        transactions.currency_code,
        transactions.amount,
        transactions.exchange_rate,
        cast(
            case
                when transactions.is_reversal then -transactions.reporting_amount
                else transactions.reporting_amount
            end as {{ money_type() }}
        ) as reporting_amount,
        case
            when transactions.is_reversal then coalesce(reversals.movement, 'reversal')
            else coalesce(charges.movement, 'none')
        end as movement,
        cast(
            coalesce(charges.expansion_amount, reversals.expansion_amount, 0) as {{ money_type() }}
        ) as expansion_amount
    from transactions
    left join charges
        on transactions.transaction_id = charges.transaction_id
    left join reversals
        on transactions.transaction_id = reversals.transaction_id

)

select * from final
