with

evidence as (

    select * from {{ ref('comp_evidence') }}
    where metric_name <> 'satisfaction'

),

final as (

    select
        period,
        user_id,
        metric_name,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        count(distinct account_id) as n_customers,
        {{ rate_quotient('sum(seen)', 'sum(denominator)') }} as coverage
    from evidence
    group by period, user_id, metric_name

)

select * from final
