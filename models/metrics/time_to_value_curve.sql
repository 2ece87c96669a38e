with

subjects as (

    select * from {{ ref('time_to_value') }}

),

customers as (

    select
        account_id,
        {{ segment_name('segment') }} as segment
    from {{ ref('dim_customers') }}

),

segmented as (

    select
        'all' as segment,
        observed_days,
        ended_by
    from subjects

    union all

    select
        customers.segment,
        subjects.observed_days,
        subjects.ended_by
    from subjects
    inner join customers
        on subjects.account_id = customers.account_id

),

-- Days that the curve always has, even without an event.
shown_days as (

    select unnested.shown_day
    from (values (0), (30), (60), (90), (180)) as unnested (shown_day)

),

days as (

    select
        segment,
        observed_days as duration,
        case when ended_by = 'value' then 1 else 0 end as value_events,
        case when ended_by = 'churn' then 1 else 0 end as churn_events,
        case when ended_by = 'censored' then 1 else 0 end as censored
    from segmented

    union all

    select
        segments.segment,
        shown_days.shown_day as duration,
        0 as value_events,
        0 as churn_events,
        0 as censored
    from (select distinct segment from segmented) as segments
    cross join shown_days

),

-- The Kaplan-Meier curve of value treats churned accounts as censored.
value_observations as (

    select
        segment,
        duration,
        value_events as events,
        churn_events + censored as censored
    from days

),

value_curve as (

    {{ survival_curve('value_observations', ['segment']) }}

),

any_observations as (

    select
        segment,
        duration,
        value_events + churn_events as events,
        censored
    from days

),

any_curve as (

    {{ survival_curve('any_observations', ['segment']) }}

),

counted as (

    select
        segment,
        duration,
        cast(sum(value_events) as bigint) as value_events,
        cast(sum(churn_events) as bigint) as churn_events,
        cast(sum(censored) as bigint) as censored
    from days
    group by segment, duration

),

-- Aalen-Johansen: each event of a day takes an equal share of the accounts that had no event before the day.
incidences as (

    select
        counted.*,
        value_curve.at_risk,
        value_curve.survival,
        value_curve.survival_low,
        value_curve.survival_high,
        lag(any_curve.survival, 1, 1.0) over (
            partition by counted.segment
            order by counted.duration
        ) / nullif(value_curve.at_risk, 0) as share_of_each
    from counted
    inner join value_curve
        on
            counted.segment = value_curve.segment
            and counted.duration = value_curve.duration
    inner join any_curve
        on
            counted.segment = any_curve.segment
            and counted.duration = any_curve.duration

),

final as (

    select
        segment,
        duration as day,
        {{ local_day(as_of()) }} as known_on,
        at_risk,
        value_events,
        churn_events,
        censored,
        survival,
        survival_low,
        survival_high,
        {{ running_share('value_events * share_of_each', 'segment', 'duration') }} as incidence_value,
        {{ running_share('churn_events * share_of_each', 'segment', 'duration') }} as incidence_churn
    from incidences

)

select * from final
