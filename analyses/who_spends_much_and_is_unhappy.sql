-- Unhappy is below 5.5, the middle of the scale from 1 to 10. Spending much is being in the top fifth by lifetime
-- value.
with

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

ranked as (

    select
        *,
        ntile(5) over (order by cltv desc, account_id asc) as value_fifth,
        cltv / nullif(sum(cltv) over (), 0) as cltv_share
    from lifetimes

),

final as (

    select
        ranked.account_id,
        coalesce(customers.segment, '(none)') as segment,
        ranked.cltv,
        ranked.cltv_share,
        ranked.csat_1_10,
        ranked.nps_latest,
        10 * ranked.cltv - ranked.ppp as ppp_missed,
        ranked.last_charge_at,
        customers.acquisition_channel,
        customers.acquisition_campaign_id
    from ranked
    inner join customers
        on ranked.account_id = customers.account_id
    where
        ranked.value_fifth = 1
        and ranked.csat_1_10 < 5.5

)

select * from final
order by ppp_missed desc, account_id asc
