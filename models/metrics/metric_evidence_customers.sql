{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

evidence as (

    select * from {{ ref('metric_evidence') }}

),

metrics as (

    select * from {{ ref('metric_catalog') }}
    where is_paid

),

-- The mean of a customer's answers has fewer decimals than the sums. Without the cast, the CASE would round every sum
-- to them.
final as (

    select
        evidence.metric_name,
        evidence.month,
        evidence.user_id,
        evidence.account_id,
        case
            when metrics.kind = 'mean'
                then cast({{ score_quotient('sum(evidence.amount)', 'count(*)') }} as {{ contribution_type() }})
            else sum(evidence.weight * cast(evidence.amount as {{ figure_type() }}))
        end as numerator,
        case
            when metrics.kind = 'mean' then cast(1 as {{ contribution_type() }})
            else sum(evidence.weight * cast(evidence.base as {{ figure_type() }}))
        end as denominator
    from evidence
    inner join metrics
        on evidence.metric_name = metrics.metric_name
    group by evidence.metric_name, evidence.month, evidence.user_id, evidence.account_id, metrics.kind

)

select * from final
