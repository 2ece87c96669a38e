with

customers as (

    select * from {{ ref('customer_lifetime') }}

),

final as (

    select
        account_id,
        cast(left_at as date) as left_on,
        is_churn_inferred,
        cltv,
        experience_score,
        outcome_score,
        nps_latest
    from customers
    where
        is_churned
        and quadrant like '%_high_experience'
    order by cltv desc, account_id asc

)

select * from final
