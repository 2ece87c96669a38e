{{ config(materialized='view') }}

with

payees as (

    select distinct
        period,
        user_id,
        side
    from {{ ref('comp_payees') }}

),

credits as (

    select * from {{ ref('customer_month_credits') }}

),

final as (

    select
        payees.period,
        payees.user_id,
        credits.account_id,
        credits.weight
    from payees
    inner join credits
        on
            payees.period = credits.month
            and payees.user_id = credits.user_id
            and payees.side = credits.side

)

select * from final
