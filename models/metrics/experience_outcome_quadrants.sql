with

customers as (

    select * from {{ ref('customer_lifetime') }}
    where quadrant is not null

),

levels as (

    select * from {{ ref('customer_success') }}

),

final as (

    select
        levels.outcome_level,
        levels.experience_level,
        customers.is_churned,
        count(*) as customers,
        sum(customers.cltv) as cltv
    from customers
    inner join levels
        on customers.account_id = levels.account_id
    group by levels.outcome_level, levels.experience_level, customers.is_churned

)

select * from final
