with

-- The month of as_of has the current figures.
parts as (

    select * from {{ ref('metric_parts') }}
    where
        metric_name = 'ppp'
        and month = {{ local_month(as_of()) }}
        and subject_type <> 'channel'

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

),

totals as (

    select
        subjects.subject_type,
        subjects.subject_id,
        coalesce(parts.n, 0) as customers,
        cast(coalesce(parts.population, 0) as {{ shown_part_type() }}) as cltv,
        cast(coalesce(parts.numerator, 0) as {{ figure_type() }}) as ppp,
        cast(coalesce(parts.seen, 0) as {{ shown_part_type() }}) as responders_cltv
    from subjects
    left join parts
        on subjects.subject_type = parts.subject_type and subjects.subject_id = parts.subject_id

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
