-- Guards M7 in docs/metrics.md: on the curve over all segments, and on the curves of the segments together, every
-- account whose clock runs ends its wait exactly once. The at-risk set of a day contains the accounts whose wait did
-- not end earlier.
with

curve as (

    select * from {{ ref('time_to_value_curve') }}

),

subjects as (

    select
        count(*) as subjects,
        count(case when ended_by = 'value' then 1 end) as value_events,
        count(case when ended_by = 'churn' then 1 end) as churn_events
    from {{ ref('time_to_value') }}

),

sums as (

    select
        segment = 'all' as is_all,
        sum(value_events + churn_events + censored) as subjects,
        sum(value_events) as value_events,
        sum(churn_events) as churn_events
    from curve
    group by segment = 'all'

),

steps as (

    select
        segment,
        day,
        at_risk - (value_events + churn_events + censored) as remaining,
        lead(at_risk, 1, 0) over (
            partition by segment
            order by day
        ) as next_at_risk,
        incidence_value + incidence_churn as incidence
    from curve

),

final as (

    select
        'sum' as subject,
        sums.subjects as found
    from sums
    cross join subjects
    where
        sums.subjects <> subjects.subjects
        or sums.value_events <> subjects.value_events
        or sums.churn_events <> subjects.churn_events

    union all

    select
        segment as subject,
        day as found
    from steps
    where
        remaining <> next_at_risk
        or incidence > 1 + 1e-9

)

select * from final
