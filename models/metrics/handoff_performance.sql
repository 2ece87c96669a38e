with

handoffs as (

    select
        *,
        {{ local_month('handed_at') }} as month
    from {{ ref('fct_handoffs') }}

),

waits as (

    select
        handoffs.from_team,
        handoffs.to_team,
        handoffs.month,
        waits.duration,
        case when waits.is_event then 1 else 0 end as events,
        case when waits.is_event then 0 else 1 end as censored
    from {{ ref('contrib_waits') }} as waits
    inner join handoffs
        on waits.source_id = handoffs.handoff_id
    where waits.measure = 'handoff_latency'

),

curves as (

    {{ survival_curve('waits', ['from_team', 'to_team', 'month']) }}

),

latencies as (

    select
        from_team,
        to_team,
        month,
        {{ survival_quantile(0.5) }} as median_latency_minutes,
        {{ survival_quantile(0.9) }} as p90_latency_minutes
    from curves
    group by from_team, to_team, month

),

totals as (

    select
        from_team,
        to_team,
        month,
        count(*) as handoffs,
        count(case when is_matured then 1 end) as matured,
        count(case when is_dropped then 1 end) as dropped,
        count(case when is_returned then 1 end) as returned,
        count(case when is_rejected then 1 end) as rejected,
        count(case when is_outcome_recorded then 1 end) as outcome_recorded
    from handoffs
    group by from_team, to_team, month

),

final as (

    select
        totals.from_team,
        totals.to_team,
        totals.month,
        totals.handoffs,
        totals.matured,
        totals.dropped,
        {{ rate_quotient('totals.dropped', 'totals.matured') }} as drop_rate,
        latencies.median_latency_minutes,
        latencies.p90_latency_minutes,
        totals.returned,
        totals.rejected,
        {{ rate_quotient('totals.outcome_recorded', 'totals.handoffs') }} as outcome_recorded_rate
    from totals
    inner join latencies
        on
            totals.from_team = latencies.from_team
            and totals.to_team = latencies.to_team
            and totals.month = latencies.month

)

select * from final
