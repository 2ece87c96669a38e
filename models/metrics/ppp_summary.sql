with

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

-- the company has its row before it has a customer
subjects as (

    select
        'company' as subject_type,
        'all' as subject_id

    union all

    select distinct
        'segment' as subject_type,
        coalesce(segment, '(none)') as subject_id
    from customers
    where is_customer

),

members as (

    select
        lifetimes.*,
        coalesce(customers.segment, '(none)') as segment
    from lifetimes
    inner join customers
        on lifetimes.account_id = customers.account_id

),

totals as (

    select
        subjects.subject_type,
        subjects.subject_id,
        count(members.account_id) as customers,
        coalesce(sum(members.cltv), 0) as cltv,
        coalesce(sum(members.ppp), 0) as ppp,
        coalesce(sum(case when members.is_csat_reported then members.cltv end), 0) as responders_cltv
    from subjects
    left join members
        on subjects.subject_type = 'company' or subjects.subject_id = members.segment
    group by subjects.subject_type, subjects.subject_id

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
