with

customers as (

    select * from {{ ref('customer_lifetime') }}

),

final as (

    select
        account_id,
        cltv,
        experience_score,
        outcome_score,
        nps_latest,
        cast(last_charge_at as date) as last_charge_on
    from customers
    where
        not is_churned
        and quadrant like '%_low_experience'
    order by cltv desc, account_id asc

)

select * from final
