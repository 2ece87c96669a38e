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
        transactions.period,
        transactions.account_id,
        transactions.movement,
        transactions.expansion_amount,
        transactions.reporting_amount,
        transaction_credits.side,
        transaction_credits.user_id,
        transaction_credits.weight
    from transactions
    inner join transaction_credits
        on transactions.transaction_id = transaction_credits.transaction_id

),

credited_deals as (

    select
        opportunities.period,
        opportunities.account_id,
        opportunities.reporting_amount,
        'sales' as side,
        deal_credits.user_id,
        deal_credits.weight
    from opportunities
    inner join deal_credits
        on opportunities.opportunity_id = deal_credits.opportunity_id

    union all

    select
        opportunities.period,
        opportunities.account_id,
        opportunities.reporting_amount,
        marketing_credits.side,
        marketing_credits.user_id,
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
        account_id,
        'cltv_growth' as metric_name,
        weight * reporting_amount as amount
    from credited_transactions

    union all

    select
        period,
        side,
        user_id,
        account_id,
        movement as metric_name,
        weight * expansion_amount as amount
    from credited_transactions
    where movement in ('cross_sell', 'up_sell')

    union all

    select
        period,
        side,
        user_id,
        account_id,
        'closed_deals' as metric_name,
        weight * reporting_amount as amount
    from credited_deals

),

final as (

    select
        amounts.period,
        amounts.user_id,
        amounts.metric_name,
        sum(amounts.amount) as numerator,
        count(distinct amounts.account_id) as n_customers
    from amounts
    inner join payees
        on
            amounts.period = payees.period
            and amounts.user_id = payees.user_id
            and amounts.side = payees.side
    group by amounts.period, amounts.user_id, amounts.metric_name

)

select * from final
