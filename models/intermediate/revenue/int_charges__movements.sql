with

charges as (

    select * from {{ ref('int_transactions__counted') }}
    where is_charge

),

-- All charges of an account at one moment are one purchase, so that its lines are not judged against each other.
purchases as (

    select
        account_id,
        transacted_at,
        lag(transacted_at) over (partition by account_id order by transacted_at) as previous_at
    from charges
    group by account_id, transacted_at

),

family_totals as (

    select
        account_id,
        product_family,
        transacted_at,
        sum(reporting_amount) as family_amount,
        max(tier) as highest_tier
    from charges
    where product_family is not null
    group by account_id, product_family, transacted_at

),

family_purchases as (

    select
        *,
        lag(family_amount) over (
            partition by account_id, product_family
            order by transacted_at
        ) as previous_family_amount,
        max(highest_tier) over (
            partition by account_id, product_family
            order by transacted_at
            rows between unbounded preceding and 1 preceding
        ) as highest_tier_before
    from family_totals

),

product_totals as (

    select
        account_id,
        product_id,
        transacted_at,
        max(quantity) as largest_quantity
    from charges
    where product_id is not null
    group by account_id, product_id, transacted_at

),

product_purchases as (

    select
        *,
        lag(largest_quantity) over (
            partition by account_id, product_id
            order by transacted_at
        ) as previous_quantity
    from product_totals

),

final as (

    select
        charges.transaction_id,
        charges.account_id,
        charges.transacted_at,
        charges.product_family,
        charges.reporting_amount,
        family_purchases.family_amount,
        family_purchases.previous_family_amount,
        case
            when purchases.previous_at is null then 'new'
            when {{ dbt.dateadd('day', var('inactive_after_days'), 'purchases.previous_at') }} <= charges.transacted_at
                then 'reactivation'
            when charges.product_family is null then 'repeat'
            when family_purchases.previous_family_amount is null then 'cross_sell'
            when charges.tier > family_purchases.highest_tier_before then 'up_sell'
            when charges.quantity > product_purchases.previous_quantity then 'up_sell'
            else 'repeat'
        end as movement
    from charges
    inner join purchases
        on
            charges.account_id = purchases.account_id
            and charges.transacted_at = purchases.transacted_at
    left join family_purchases
        on
            charges.account_id = family_purchases.account_id
            and charges.product_family = family_purchases.product_family
            and charges.transacted_at = family_purchases.transacted_at
    left join product_purchases
        on
            charges.account_id = product_purchases.account_id
            and charges.product_id = product_purchases.product_id
            and charges.transacted_at = product_purchases.transacted_at

)

select * from final
