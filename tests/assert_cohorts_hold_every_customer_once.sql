-- Guards M1 in docs/metrics.md: in the month of as_of, the cohorts together contain every customer and its lifetime
-- value once, over `all` and over the segments.
with

cohorts as (

    select * from {{ ref('customer_cohorts') }}

),

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

ages as (

    select
        cohort_month,
        max(months_since) as months_since
    from cohorts
    group by cohort_month

),

counted as (

    select
        cohorts.segment = 'all' as is_all,
        sum(cohorts.customers) as customers,
        sum(cohorts.cltv) as cltv
    from cohorts
    inner join ages
        on
            cohorts.cohort_month = ages.cohort_month
            and cohorts.months_since = ages.months_since
    group by cohorts.segment = 'all'

),

company as (

    select
        count(*) as customers,
        coalesce(sum(cltv), 0) as cltv
    from lifetimes

),

final as (

    select
        counted.is_all,
        counted.customers,
        company.customers as customers_expected,
        counted.cltv,
        company.cltv as cltv_expected
    from company
    left join counted
        on company.customers > 0

)

select * from final
where
    customers_expected > 0
    and (customers is distinct from customers_expected or cltv is distinct from cltv_expected)
