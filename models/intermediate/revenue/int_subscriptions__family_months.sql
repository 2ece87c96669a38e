with

month_ends as (

    select * from {{ ref('int_subscriptions__month_ends') }}

),

ends as (

    select
        account_id,
        product_family,
        month,
        sum(mrr) as mrr,
        sum(quantity) as quantity,
        max(tier) as tier
    from month_ends
    group by account_id, product_family, month

),

-- MRR at the start of a month, in the family in which each line starts it.
starts as (

    select
        account_id,
        next_product_family as product_family,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month,
        sum(mrr) as mrr,
        sum(quantity) as quantity,
        max(tier) as tier
    from month_ends
    where month < {{ local_month(as_of()) }}
    group by account_id, next_product_family, month

),

final as (

    select
        coalesce(starts.account_id, ends.account_id) as account_id,
        coalesce(starts.product_family, ends.product_family) as product_family,
        coalesce(starts.month, ends.month) as month,
        coalesce(starts.mrr, 0) as starting_mrr,
        coalesce(ends.mrr, 0) as mrr,
        coalesce(ends.quantity > starts.quantity or ends.tier > starts.tier, false) as is_grown
    from starts
    full join ends
        on
            starts.account_id = ends.account_id
            and starts.product_family = ends.product_family
            and starts.month = ends.month

)

select * from final
