with

customers as (

    select * from {{ ref('customer_lifetime') }}

),

-- a customer counts for whom it counts now
members as (

    select * from {{ ref('metric_memberships') }}
    where
        to_month is null
        and subject_type <> 'channel'

),

totals as (

    select
        members.subject_type,
        members.subject_id,
        count(customers.account_id) as customers,
        coalesce(sum(members.weight * customers.cltv), 0) as cltv,
        coalesce(sum({{ weighted_ppp('members.weight', 'customers.ppp') }}), 0) as ppp,
        coalesce(sum(case when customers.is_csat_reported then members.weight * customers.cltv end), 0)
            as responders_cltv
    from members
    left join customers
        on members.account_id = customers.account_id
    group by members.subject_type, members.subject_id
    -- the company has its row before it has a customer
    having count(customers.account_id) > 0 or members.subject_type = 'company'

),

final as (

    select
        subject_type,
        subject_id,
        customers,
        cltv,
        ppp,
        {{ rate_quotient('ppp', '10 * cltv') }} as ppp_yield,
        {{ rate_quotient('responders_cltv', 'cltv') }} as csat_revenue_coverage,
        {{ rate_quotient('ppp', 'responders_cltv') }} as responders_csat
    from totals

)

select * from final
