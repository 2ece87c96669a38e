{{ config(materialized='view') }}

with

customer_months as (

    select
        account_id,
        month,
        {{ last_moment('month') }} as known_at
    from {{ ref('customer_months') }}

),

account_credits as (

    select * from {{ ref('account_credits') }}
    where weight > 0

),

final as (

    select
        customer_months.account_id,
        customer_months.month,
        account_credits.side,
        account_credits.user_id,
        account_credits.rule,
        account_credits.candidate_rank,
        account_credits.weight,
        account_credits.source_table,
        account_credits.source_id
    from customer_months
    inner join account_credits
        on
            customer_months.account_id = account_credits.account_id
            and customer_months.known_at >= account_credits.valid_from
            and (account_credits.valid_to is null or customer_months.known_at < account_credits.valid_to)

)

select * from final
