-- ppp_yield, lost_to_silence and lost_to_unhappiness sum to 1.
with

summaries as (

    select * from {{ ref('ppp_summary') }}

),

final as (

    select
        subject_type,
        subject_id,
        customers,
        cltv,
        ppp_yield,
        csat_revenue_coverage,
        responders_csat,
        1 - csat_revenue_coverage as lost_to_silence,
        csat_revenue_coverage - ppp_yield as lost_to_unhappiness,
        cltv * (1 - csat_revenue_coverage) as silent_cltv
    from summaries

)

select * from final
order by subject_type asc, silent_cltv desc, subject_id asc
