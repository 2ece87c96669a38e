with

-- The month of as_of has the current figures.
parts as (

    select * from {{ ref('metric_parts') }}
    where
        metric_name = 'ppp'
        and month = {{ local_month(as_of()) }}
        and subject_type <> 'channel'

),

contributions as (

    select * from {{ ref('contrib_money') }}

),

prospects as (

    select * from {{ ref('dim_customers') }}
    where not is_customer

),

memberships as (

    select * from {{ ref('credit_subjects') }}
    where subject_type in ('company', 'segment', 'campaign')

),

-- Accounts without a charge can have money: refunds and credits whose charges the input does not hold.
money_without_customer as (

    select
        memberships.subject_type,
        memberships.subject_id,
        sum(memberships.weight * contributions.growth_amount) as amount
    from contributions
    inner join prospects
        on contributions.account_id = prospects.account_id
    inner join memberships
        on contributions.account_id = memberships.account_id
    where contributions.growth_amount is not null
    group by memberships.subject_type, memberships.subject_id

),

-- The company has a row even without customers.
subjects as (

    select
        'company' as subject_type,
        'all' as subject_id

    union

    select
        subject_type,
        subject_id
    from parts

    union

    select
        subject_type,
        subject_id
    from money_without_customer

),

totals as (

    select
        subjects.subject_type,
        subjects.subject_id,
        coalesce(parts.n, 0) as customers,
        cast(coalesce(parts.population, 0) as {{ shown_part_type() }}) as cltv,
        case
            when subjects.subject_type not in ('team', 'employee')
                then cast(coalesce(money_without_customer.amount, 0) as {{ money_type() }})
        end as cltv_without_customer,
        cast(coalesce(parts.numerator, 0) as {{ figure_type() }}) as ppp,
        cast(coalesce(parts.seen, 0) as {{ shown_part_type() }}) as responders_cltv
    from subjects
    left join parts
        on subjects.subject_type = parts.subject_type and subjects.subject_id = parts.subject_id
    left join money_without_customer
        on
            subjects.subject_type = money_without_customer.subject_type
            and subjects.subject_id = money_without_customer.subject_id

),

final as (

    select
        subject_type,
        subject_id,
        customers,
        cltv,
        cltv_without_customer,
        ppp,
        {{ rate_quotient('ppp', '10 * cltv') }} as ppp_yield,
        {{ rate_quotient('responders_cltv', 'cltv') }} as csat_revenue_coverage,
        {{ rate_quotient('ppp', 'responders_cltv') }} as responders_csat
    from totals

)

select * from final
