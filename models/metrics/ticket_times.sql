{%- set subjects = {
    'company': "'all'",
    'team': 'team',
    'employee': 'user_id',
    'channel': 'channel',
    'priority': 'priority',
} -%}
with

tickets as (

    select * from {{ ref('fct_tickets') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

-- an answer is its giver's, an open wait its assignee's
waits as (

    select
        'first_response' as measure,
        {{ local_month('clock_started_at') }} as month,
        coalesce(first_response_minutes, waiting_minutes) as duration,
        not is_unanswered as is_event,
        case when is_unanswered then assignee_user_id else first_responder_user_id end as user_id,
        channel,
        priority_at_creation as priority
    from tickets

    union all

    select
        'first_response_business' as measure,
        {{ local_month('clock_started_at') }} as month,
        coalesce(first_response_business_minutes, waiting_business_minutes) as duration,
        not is_unanswered as is_event,
        case when is_unanswered then assignee_user_id else first_responder_user_id end as user_id,
        channel,
        priority_at_creation as priority
    from tickets

    union all

    select
        'resolution' as measure,
        {{ local_month('created_at') }} as month,
        coalesce(resolution_minutes, {{ as_minutes(elapsed_microseconds('created_at', as_of())) }}) as duration,
        resolved_at is not null as is_event,
        assignee_user_id as user_id,
        channel,
        priority_at_creation as priority
    from tickets

),

attributed as (

    select
        waits.measure,
        cast(waits.month as {{ dbt.type_string() }}) as month,
        waits.duration,
        waits.is_event,
        employees.team,
        employees.user_id,
        waits.channel,
        waits.priority
    from waits
    left join employees
        on waits.user_id = employees.user_id
    where waits.duration is not null

),

subjects as (
    {% for subject_type, subject_id in subjects.items() %}
    select
        measure,
        '{{ subject_type }}' as subject_type,
        coalesce({{ subject_id }}, '(none)') as subject_id,
        month,
        duration,
        case when is_event then 1 else 0 end as events,
        case when is_event then 0 else 1 end as censored
    from attributed
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

observations as (

    select
        *,
        month as period
    from subjects

    union all

    select
        *,
        'all' as period
    from subjects

),

curves as (

    {{ survival_curve('observations', ['measure', 'subject_type', 'subject_id', 'period']) }}

),

final as (

    select
        measure,
        subject_type,
        subject_id,
        period,
        cast(sum(events + censored) as bigint) as tickets,
        cast(sum(events) as bigint) as events,
        {{ survival_quantile(0.5) }} as median_minutes,
        {{ survival_quantile(0.5, 'survival_low') }} as median_low,
        {{ survival_quantile(0.5, 'survival_high') }} as median_high,
        {{ survival_quantile(0.9) }} as p90_minutes,
        {{ survival_quantile(0.9, 'survival_low') }} as p90_low,
        {{ survival_quantile(0.9, 'survival_high') }} as p90_high
    from curves
    group by measure, subject_type, subject_id, period

)

select * from final
