with

transactions as (

    select * from {{ ref('int_transactions__counted') }}

),

charges as (

    select * from {{ ref('int_charges__expansions') }}

),

-- The part that is reversed is measured in the currency of the original, or in the reporting currency if the reversal
-- has another currency.
reversals as (

    select
        transactions.transaction_id,
        transactions.original_transaction_id,
        transactions.transacted_at,
        charges.movement,
        charges.expansion_amount,
        case
            when charges.expansion_amount = 0 then 0
            when transactions.currency_code = originals.currency_code
                then {{ share_of('charges.expansion_amount', 'transactions.amount', 'originals.amount') }}
            else {{ share_of(
                'charges.expansion_amount', 'transactions.reporting_amount', 'originals.reporting_amount'
            ) }}
        end as share_amount
    from transactions
    inner join charges
        on transactions.original_transaction_id = charges.transaction_id
    inner join transactions as originals
        on transactions.original_transaction_id = originals.transaction_id
    where transactions.is_reversal

),

-- The reversals of a charge together take back at most its expansion.
running as (

    select
        *,
        least(
            expansion_amount,
            sum(share_amount) over (
                partition by original_transaction_id
                order by transacted_at, transaction_id
                rows between unbounded preceding and current row
            )
        ) as given_back_so_far
    from reversals

),

final as (

    select
        transaction_id,
        movement,
        cast(
            lag(given_back_so_far, 1, 0) over (
                partition by original_transaction_id
                order by transacted_at, transaction_id
            ) - given_back_so_far as {{ money_type() }}
        ) as expansion_amount
    from running

)

select * from final
