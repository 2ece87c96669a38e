{{ config(materialized='view') }}

with

transactions as (

    select * from {{ ref('fct_transactions') }}

),

won_deals as (

    select * from {{ ref('fct_opportunities') }}
    where is_won and closed_at <= {{ as_of() }}

),

final as (

    select
        'marts.fct_transactions' as source_table,
        transaction_id as source_id,
        account_id,
        {{ local_month('transacted_at') }} as month,
        transacted_at as credit_at,
        reporting_amount as growth_amount,
        case when movement = 'new' then reporting_amount end as new_amount,
        case when movement = 'repeat' then reporting_amount end as repeat_amount,
        case when movement = 'cross_sell' then expansion_amount end as cross_sell_amount,
        case when movement = 'up_sell' then expansion_amount end as up_sell_amount,
        case when transaction_type = 'charge' then reporting_amount else 0 end as charged_amount,
        case when transaction_type <> 'charge' then -reporting_amount else 0 end as reversed_amount,
        null as booked_amount
    from transactions

    union all

    select
        'marts.fct_opportunities' as source_table,
        opportunity_id as source_id,
        account_id,
        {{ local_month('closed_at') }} as month,
        closed_at as credit_at,
        null as growth_amount,
        null as new_amount,
        null as repeat_amount,
        null as cross_sell_amount,
        null as up_sell_amount,
        null as charged_amount,
        null as reversed_amount,
        coalesce(reporting_amount, 0) as booked_amount
    from won_deals

)

select * from final
