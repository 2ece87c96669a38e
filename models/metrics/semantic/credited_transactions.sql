with

credited_money as (

    select * from {{ ref('credited_money') }}
    where source_table = 'marts.fct_transactions'

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

credits as (

    select
        source_id as transaction_id,
        side as team,
        user_id,
        employee_id,
        sum(weight) as weight
    from credited_money
    group by source_id, side, user_id, employee_id

),

final as (

    select
        credits.transaction_id || ':' || credits.team || ':' || credits.user_id as credited_transaction_id,
        credits.transaction_id,
        transactions.account_id,
        transactions.transacted_on,
        transactions.transaction_type,
        transactions.movement,
        credits.team,
        credits.employee_id as user_id,
        credits.weight * transactions.reporting_amount as credited_amount,
        credits.weight * transactions.expansion_amount as credited_expansion_amount
    from credits
    inner join transactions
        on credits.transaction_id = transactions.transaction_id

)

select * from final
