with

transactions as (

    select * from {{ ref('fct_transactions') }}

),

deal_credits as (

    select * from {{ ref('credit_deals') }}
    where side = 'sales'

),

account_credits as (

    select * from {{ ref('credit_accounts') }}

),

credited as (

    select
        transaction_id,
        'marketing' as side
    from transactions

    union all

    select
        transaction_id,
        'sales' as side
    from transactions

),

deals as (

    select
        transactions.transaction_id,
        deal_credits.rule,
        deal_credits.candidate_rank,
        deal_credits.user_id,
        deal_credits.weight,
        deal_credits.source_table,
        deal_credits.source_id
    from transactions
    inner join deal_credits
        on transactions.opportunity_id = deal_credits.opportunity_id

),

candidates as (

    select
        transaction_id,
        'sales' as side,
        0 as rule_number,
        rule,
        candidate_rank,
        user_id,
        weight,
        source_table,
        source_id
    from deals
    where user_id is not null

    union all

    -- candidates of the account at the moment of the transaction; on the sales side the deal outranks them if it has a
    -- candidate or a share of bots
    select
        transactions.transaction_id,
        account_credits.side,
        1 as rule_number,
        account_credits.rule,
        account_credits.candidate_rank,
        account_credits.user_id,
        case
            when account_credits.side = 'sales' and deals.transaction_id is not null then 0
            else account_credits.weight
        end as weight,
        account_credits.source_table,
        account_credits.source_id
    from transactions
    inner join account_credits
        on
            transactions.account_id = account_credits.account_id
            and transactions.transacted_at >= account_credits.valid_from
            and (account_credits.valid_to is null or transactions.transacted_at < account_credits.valid_to)
            and account_credits.rule <> 'uncredited'
    left join deals
        on transactions.transaction_id = deals.transaction_id and deals.candidate_rank = 1

),

{{ with_uncredited(['transaction_id']) }},

final as (

    select
        credits.transaction_id,
        transactions.account_id,
        credits.side,
        credits.rule,
        credits.candidate_rank,
        credits.user_id,
        credits.weight,
        credits.source_table,
        credits.source_id
    from credits
    inner join transactions
        on credits.transaction_id = transactions.transaction_id

)

select * from final
