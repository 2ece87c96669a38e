-- Guards M1 in docs/metrics.md: the up-sell lines of one purchase and family share the rise of the family over the
-- latest earlier purchase that contains it, at least 0 and at most their own sum, to the cent. The earlier purchase is
-- looked up by a join here, not by the window functions of the models.
with

transactions as (

    select * from {{ ref('fct_transactions') }}

),

families as (

    select
        account_id,
        product_family,
        transacted_at,
        sum(reporting_amount) as family_amount,
        sum(case when movement = 'up_sell' then reporting_amount end) as up_sell_amount,
        sum(case when movement = 'up_sell' then expansion_amount end) as expansion_amount
    from transactions
    where is_charge and product_family is not null
    group by account_id, product_family, transacted_at

),

earlier as (

    select
        families.account_id,
        families.product_family,
        families.transacted_at,
        max(earlier_families.transacted_at) as earlier_at
    from families
    inner join families as earlier_families
        on
            families.account_id = earlier_families.account_id
            and families.product_family = earlier_families.product_family
            and families.transacted_at > earlier_families.transacted_at
    where families.up_sell_amount is not null
    group by families.account_id, families.product_family, families.transacted_at

),

final as (

    select
        families.account_id,
        families.product_family,
        families.transacted_at,
        earlier.earlier_at,
        families.expansion_amount,
        least(
            greatest(families.family_amount - earlier_families.family_amount, 0),
            families.up_sell_amount
        ) as pool_amount
    from families
    left join earlier
        on
            families.account_id = earlier.account_id
            and families.product_family = earlier.product_family
            and families.transacted_at = earlier.transacted_at
    left join families as earlier_families
        on
            earlier.account_id = earlier_families.account_id
            and earlier.product_family = earlier_families.product_family
            and earlier.earlier_at = earlier_families.transacted_at
    where families.up_sell_amount is not null

)

select * from final
where expansion_amount is distinct from pool_amount or earlier_at is null
