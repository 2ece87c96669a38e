-- Guards M1 in docs/metrics.md: the reversals of a charge together take back at most its expansion, and have its
-- movement. A reversal without a counted charge changes no expansion.
with

transactions as (

    select * from {{ ref('fct_transactions') }}

),

charges as (

    select * from transactions
    where is_charge

),

reversals as (

    select
        original_transaction_id,
        movement,
        sum(expansion_amount) as given_back_amount
    from transactions
    where transaction_type <> 'charge'
    group by original_transaction_id, movement

),

final as (

    select
        reversals.original_transaction_id,
        reversals.movement,
        reversals.given_back_amount,
        coalesce(charges.movement, 'reversal') as original_movement,
        coalesce(charges.expansion_amount, 0) as original_expansion_amount
    from reversals
    left join charges
        on reversals.original_transaction_id = charges.transaction_id

)

select * from final
where
    given_back_amount > 0
    or given_back_amount + original_expansion_amount < 0
    or movement <> original_movement
