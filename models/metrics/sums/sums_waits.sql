with

waits as (

    select * from {{ ref('contrib_waits') }}
    where measure <> 'first_response_business'

),

subjects as (

    select * from {{ ref('credit_subjects') }}

),

observations as (

    select
        waits.measure,
        waits.month,
        subjects.subject_type,
        subjects.subject_id,
        subjects.side,
        waits.duration,
        case when waits.is_event then 1 else 0 end as events,
        case when waits.is_event then 0 else 1 end as censored
    from waits
    inner join subjects
        on
            coalesce(waits.account_id, '') = subjects.account_id
            and {{ counts_in_month('subjects', 'waits.month') }}

),

curves as (

    {{ survival_curve('observations', ['measure', 'month', 'subject_type', 'subject_id', 'side']) }}

),

final as (

    select
        measure,
        subject_type,
        subject_id,
        side,
        month,
        sum(events) as events,
        sum(events + censored) as observed,
        {{ survival_quantile(0.5) }} as median,
        {{ survival_quantile(0.5, 'survival_low') }} as median_low,
        {{ survival_quantile(0.5, 'survival_high') }} as median_high,
        {{ survival_quantile(0.9) }} as p90,
        {{ survival_quantile(0.9, 'survival_low') }} as p90_low,
        {{ survival_quantile(0.9, 'survival_high') }} as p90_high
    from curves
    group by measure, subject_type, subject_id, side, month

)

select * from final
