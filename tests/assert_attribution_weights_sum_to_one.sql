-- Guards M8 in docs/metrics.md: the weights of each customer and attribution model sum to exactly 1, including
-- `unattributed`, and all campaigns together have the lifetime value of all customers.
with

attribution as (

    select * from {{ ref('customer_attribution') }}

),

customers as (

    select * from {{ ref('customer_lifetime') }}

),

performance as (

    select * from {{ ref('campaign_performance') }}

),

shares as (

    select
        customers.account_id,
        attribution_models.attribution_model,
        sum(attribution.weight) as weight
    from customers
    cross join {{ ref('attribution_models') }} as attribution_models
    left join attribution
        on
            customers.account_id = attribution.account_id
            and attribution_models.attribution_model = attribution.attribution_model
    group by customers.account_id, attribution_models.attribution_model

),

company as (

    select
        coalesce(sum(cltv), 0) as cltv,
        count(*) as customers
    from customers

),

totals as (

    select
        performance.attribution_model,
        sum(performance.attributed_cltv) as cltv,
        sum(performance.customers) as customers
    from performance
    group by performance.attribution_model

),

final as (

    select
        account_id as subject,
        attribution_model,
        weight as found
    from shares
    where weight is distinct from 1

    union all

    select
        'all campaigns' as subject,
        totals.attribution_model,
        totals.cltv as found
    from totals
    cross join company
    where
        totals.cltv <> company.cltv
        or totals.customers <> company.customers

)

select * from final
