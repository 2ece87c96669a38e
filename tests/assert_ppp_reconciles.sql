-- Guards M3 in docs/metrics.md: the PPP of the company is the sum over its customers, and so are the sum over the
-- segments and the sum over the campaigns, which share customers. The yield is coverage x satisfaction of the customers
-- who reported / 10, so that silence and unhappiness can be told apart.
with

summaries as (

    select * from {{ ref('ppp_summary') }}

),

lifetimes as (

    select * from {{ ref('customer_lifetime') }}

),

transactions as (

    select coalesce(sum(reporting_amount), 0) as reporting_amount
    from {{ ref('fct_transactions') }}

),

company as (

    select
        count(*) as customers,
        coalesce(sum(cltv), 0) as cltv,
        coalesce(sum(coalesce(csat_1_10, 0) * cltv), 0) as ppp
    from lifetimes

),

-- Without customers and money there are no segments.
subjects as (

    select
        subject_type,
        sum(customers) as customers,
        sum(cltv) as cltv,
        sum(cltv_without_customer) as cltv_without_customer,
        sum(ppp) as ppp
    from summaries
    where subject_type in ('company', 'segment', 'campaign')
    group by subject_type

),

final as (

    select
        subjects.subject_type,
        'sum' as subject_id,
        subjects.ppp as found,
        company.ppp as expected
    from company
    left join subjects
        on subjects.subject_type = 'company' or company.customers > 0
    where
        (subjects.subject_type <> 'campaign' and subjects.customers <> company.customers)
        or subjects.cltv is distinct from company.cltv
        -- Each share of a customer's PPP is rounded once, to ten decimals.
        or not coalesce(
            abs(subjects.ppp - company.ppp) <= 0.0000000001 * (subjects.customers + 1), false
        )

    union all

    -- The money of customers and of the other accounts is all money.
    select
        subjects.subject_type,
        'bridge' as subject_id,
        subjects.cltv + subjects.cltv_without_customer as found,
        transactions.reporting_amount as expected
    from subjects
    cross join transactions
    where subjects.cltv + subjects.cltv_without_customer is distinct from transactions.reporting_amount

    union all

    select
        subject_type,
        subject_id,
        ppp_yield as found,
        csat_revenue_coverage * responders_csat / 10 as expected
    from summaries
    where
        responders_csat is not null
        and not coalesce(
            abs(ppp_yield - csat_revenue_coverage * responders_csat / 10)
            <= 1e-12 * greatest(1, abs(ppp_yield)),
            false
        )

    union all

    select
        subject_type,
        subject_id,
        ppp_yield as found,
        0 as expected
    from summaries
    where
        responders_csat is null
        and csat_revenue_coverage = 0
        and ppp = 0
        and ppp_yield is distinct from 0

)

select * from final
