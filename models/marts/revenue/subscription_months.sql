with

family_months as (

    select * from {{ ref('int_subscriptions__family_months') }}

),

final as (

    select
        account_id,
        product_family,
        month,
        starting_mrr,
        mrr
    from family_months
    where starting_mrr > 0 or mrr > 0

)

select * from final
