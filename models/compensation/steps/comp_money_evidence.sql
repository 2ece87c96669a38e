{{ config(materialized='view') }}

with

payees as (

    select distinct
        period,
        user_id,
        side
    from {{ ref('comp_payees') }}

),

transactions as (

    select
        *,
        {{ local_month('transacted_at') }} as period
    from {{ ref('fct_transactions') }}

),

transaction_credits as (

    select * from {{ ref('transaction_credits') }}
    where weight > 0

),

opportunities as (

    select
        *,
        {{ local_month('closed_at') }} as period
    from {{ ref('fct_opportunities') }}
    where is_won and closed_at <= {{ as_of() }}

),

deal_credits as (

    select * from {{ ref('deal_credits') }}
    where weight > 0

),

marketing_credits as (

    select * from {{ ref('account_credits') }}
    where side = 'marketing' and weight > 0

),

credited_transactions as (

    select
        transactions.*,
        transaction_credits.side,
        transaction_credits.user_id,
        transaction_credits.rule,
        transaction_credits.source_table as credit_table,
        transaction_credits.source_id as credit_id,
        transaction_credits.weight
    from transactions
    inner join transaction_credits
        on transactions.transaction_id = transaction_credits.transaction_id

),

credited_deals as (

    select
        opportunities.*,
        'sales' as side,
        deal_credits.user_id,
        deal_credits.rule,
        deal_credits.source_table as credit_table,
        deal_credits.source_id as credit_id,
        deal_credits.weight
    from opportunities
    inner join deal_credits
        on opportunities.opportunity_id = deal_credits.opportunity_id

    union all

    select
        opportunities.*,
        marketing_credits.side,
        marketing_credits.user_id,
        marketing_credits.rule,
        marketing_credits.source_table as credit_table,
        marketing_credits.source_id as credit_id,
        marketing_credits.weight
    from opportunities
    inner join marketing_credits
        on opportunities.account_id = marketing_credits.account_id

),

amounts as (

    select
        period,
        side,
        user_id,
        'cltv_growth' as metric_name,
        account_id,
        'marts.fct_transactions' as source_table,
        transaction_id as source_id,
        transacted_at as occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        reporting_amount as amount
    from credited_transactions

    union all

    select
        period,
        side,
        user_id,
        movement as metric_name,
        account_id,
        'marts.fct_transactions' as source_table,
        transaction_id as source_id,
        transacted_at as occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        expansion_amount as amount
    from credited_transactions
    where movement in ('cross_sell', 'up_sell')

    union all

    select
        period,
        side,
        user_id,
        'closed_deals' as metric_name,
        account_id,
        'marts.fct_opportunities' as source_table,
        opportunity_id as source_id,
        closed_at as occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        coalesce(reporting_amount, 0) as amount
    from credited_deals

),

final as (

    select
        amounts.period,
        amounts.user_id,
        amounts.metric_name,
        amounts.account_id,
        amounts.source_table,
        amounts.source_id,
        amounts.occurred_at,
        amounts.rule,
        amounts.credit_table,
        amounts.credit_id,
        amounts.weight,
        cast(amounts.amount as {{ figure_type() }}) as amount
    from amounts
    inner join payees
        on
            amounts.period = payees.period
            and amounts.user_id = payees.user_id
            and amounts.side = payees.side

)

select * from final
