with

attribution as (

    select * from {{ ref('customer_attribution') }}

),

customers as (

    select * from {{ ref('customer_lifetime') }}

),

-- UNION removes the duplicate if the CRM itself has a campaign named unattributed.
campaigns as (

    select campaign_id from {{ ref('dim_campaigns') }}

    union

    select 'unattributed' as campaign_id

),

attribution_models as (

    select * from {{ ref('attribution_models') }}

),

costs as (

    select
        campaign_id,
        sum(reporting_amount) as cost
    from {{ ref('fct_campaign_costs') }}
    group by campaign_id

),

attributed as (

    select
        attribution.campaign_id,
        attribution.attribution_model,
        sum(attribution.weight) as customers,
        sum(attribution.weight * customers.cltv) as cltv,
        sum({{ weighted_ppp('attribution.weight', 'customers.ppp') }}) as ppp
    from attribution
    inner join customers
        on attribution.account_id = customers.account_id
    group by attribution.campaign_id, attribution.attribution_model

),

totals as (

    select
        campaigns.campaign_id,
        attribution_models.attribution_model,
        coalesce(costs.cost, 0) as cost,
        coalesce(attributed.customers, 0) as customers,
        coalesce(attributed.cltv, 0) as attributed_cltv,
        coalesce(attributed.ppp, 0) as attributed_ppp
    from campaigns
    cross join attribution_models
    left join costs
        on campaigns.campaign_id = costs.campaign_id
    left join attributed
        on
            campaigns.campaign_id = attributed.campaign_id
            and attribution_models.attribution_model = attributed.attribution_model

),

-- The score is satisfaction from 1 to 10 x lifetime value, so a tenth of it is an amount of money.
final as (

    select
        campaign_id,
        attribution_model,
        cost,
        cast(customers as decimal(38, 12)) as customers,
        cast(attributed_cltv as decimal(38, 14)) as attributed_cltv,
        cast(attributed_ppp as {{ figure_type() }}) as attributed_ppp,
        cast(attributed_ppp * 0.1 as {{ figure_type() }}) as satisfaction_adjusted_revenue,
        {{ rate_quotient('attributed_ppp * 0.1 - cost', 'cost') }} as ppp_roi,
        {{ rate_quotient('attributed_cltv - cost', 'cost') }} as revenue_roi
    from totals

)

select * from final
