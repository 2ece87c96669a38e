{%- set quantiles = {
    'first_response_median': ('first_response', 0.5),
    'first_response_p90': ('first_response', 0.9),
    'resolution_median': ('resolution', 0.5),
    'handoff_latency_median': ('handoff_latency', 0.5),
} -%}
with

tickets as (

    select * from {{ ref('fct_tickets') }}

),

handoffs as (

    select * from {{ ref('fct_handoffs') }}

),

-- who still waits has waited until now
waits as (

    select
        'first_response' as measure,
        account_id,
        {{ local_month('clock_started_at') }} as month,
        coalesce(first_response_minutes, waiting_minutes) as duration,
        not is_unanswered as is_event
    from tickets

    union all

    select
        'resolution' as measure,
        account_id,
        {{ local_month('created_at') }} as month,
        coalesce(resolution_minutes, {{ as_minutes(elapsed_microseconds('created_at', as_of())) }}) as duration,
        resolved_at is not null as is_event
    from tickets

    union all

    select
        'handoff_latency' as measure,
        account_id,
        {{ local_month('handed_at') }} as month,
        coalesce(latency_minutes, {{ as_minutes(elapsed_microseconds('handed_at', as_of())) }}) as duration,
        first_sign_at is not null as is_event
    from handoffs

),

observations as (

    select
        waits.measure,
        waits.month,
        members.subject_type,
        members.subject_id,
        waits.duration,
        case when waits.is_event then 1 else 0 end as events,
        case when waits.is_event then 0 else 1 end as censored
    from waits
    {{ metric_members('waits') }}

),

curves as (

    {{ survival_curve('observations', ['measure', 'month', 'subject_type', 'subject_id']) }}

),

final as (
    {% for metric_name, (measure, share) in quantiles.items() %}
    select
        '{{ metric_name }}' as metric_name,
        month,
        subject_type,
        subject_id,
        {{ metric_columns({
            'n': 'sum(events + censored)',
            'quantile': survival_quantile(share),
            'quantile_low': survival_quantile(share, 'survival_low'),
            'quantile_high': survival_quantile(share, 'survival_high'),
            'seen': 'sum(events)',
            'population': 'sum(events + censored)',
        }) }}
    from curves
    where measure = '{{ measure }}'
    group by month, subject_type, subject_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
