with

performance as (

    select * from {{ ref('campaign_performance') }}
    where attribution_model = 'position'

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

-- Two kinds of disagreement: the ranks differ, or the campaign pays back by revenue but not by PPP.
ranked as (

    select
        *,
        rank() over (order by revenue_roi desc) as revenue_rank,
        rank() over (order by ppp_roi desc) as ppp_rank
    from performance
    where
        ppp_roi is not null
        and revenue_roi is not null

),

final as (

    select
        ranked.campaign_id,
        campaigns.campaign_name,
        ranked.cost,
        round(ranked.revenue_roi, 2) as revenue_roi,
        round(ranked.ppp_roi, 2) as ppp_roi,
        ranked.revenue_rank,
        ranked.ppp_rank,
        ranked.revenue_roi > 0 and ranked.ppp_roi <= 0 as is_paid_back_by_unhappy_customers
    from ranked
    inner join campaigns
        on ranked.campaign_id = campaigns.campaign_id
    where
        ranked.revenue_rank <> ranked.ppp_rank
        or (ranked.revenue_roi > 0 and ranked.ppp_roi <= 0)
    order by is_paid_back_by_unhappy_customers desc, ranked.revenue_roi - ranked.ppp_roi desc, ranked.campaign_id asc

)

select * from final
