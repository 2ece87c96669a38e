with

candidates as (

    select * from {{ ref('customer_month_candidates') }}

),

final as (

    select
        account_id,
        month,
        side,
        user_id,
        sum(weight) as weight
    from candidates
    group by account_id, month, side, user_id

)

select * from final
