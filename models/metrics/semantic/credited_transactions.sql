with

transactions as (

    select * from {{ ref('fct_transactions') }}

),

credits as (

    select
        transaction_id,
        side,
        user_id,
        sum(weight) as weight
    from {{ ref('transaction_credits') }}
    where
        user_id is not null
        and weight > 0
    group by transaction_id, side, user_id

),

employees as (

    select * from {{ ref('dim_employees') }}

),

final as (

    select
        transactions.transaction_id || ':' || credits.side || ':' || credits.user_id as credited_transaction_id,
        transactions.transaction_id,
        transactions.account_id,
        transactions.transacted_on,
        transactions.transaction_type,
        transactions.movement,
        credits.side as team,
        -- what an employee is credited with on the other team's side is the team's alone
        case when credits.side = {{ side_of('employees.team') }} then credits.user_id end as user_id,
        credits.weight * transactions.reporting_amount as credited_amount,
        credits.weight * transactions.expansion_amount as credited_expansion_amount
    from credits
    inner join transactions
        on credits.transaction_id = transactions.transaction_id
    left join employees
        on credits.user_id = employees.user_id

)

select * from final
