with

parts as (

    select
        *,
        case when subject_type = 'company' then 'all' else subject_id end as segment
    from {{ ref('metric_parts') }}
    where subject_type in ('company', 'segment')

),

gross as (

    select * from parts
    where metric_name = 'gross_retention' and n > 0

),

net as (

    select * from parts
    where metric_name = 'net_retention'

),

final as (

    select
        gross.month,
        gross.segment,
        gross.n as accounts,
        cast(gross.denominator as {{ money_type() }}) as starting_mrr,
        cast(gross.numerator as {{ money_type() }}) as retained_mrr,
        cast(net.numerator as {{ money_type() }}) as ending_mrr,
        {{ rate_quotient('gross.numerator', 'gross.denominator') }} as gross_retention,
        {{ rate_quotient('net.numerator', 'net.denominator') }} as net_retention
    from gross
    inner join net
        on gross.month = net.month and gross.segment = net.segment

)

select * from final
