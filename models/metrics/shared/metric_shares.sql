with

outcomes as (

    select
        'outcomes_on_time' as metric_name,
        account_id,
        {{ local_month('due_at') }} as month,
        case when is_verified_on_time then weight else 0 end as numerator,
        weight as denominator,
        true as is_weighted
    from {{ ref('fct_outcomes') }}
    where is_due

),

-- leaving before value is no value
values_reached as (

    select
        'time_to_value_90' as metric_name,
        account_id,
        {{ local_month('clock_at') }} as month,
        case when ended_by = 'value' and time_to_value_days <= 90 then 1 else 0 end as numerator,
        case when {{ dbt.dateadd('day', 90, 'clock_at') }} <= {{ as_of() }} then 1 end as denominator,
        false as is_weighted
    from {{ ref('time_to_value') }}

),

handoffs as (

    select
        'handoff_drop_rate' as metric_name,
        account_id,
        {{ local_month('handed_at') }} as month,
        case when is_dropped then 1 else 0 end as numerator,
        case when is_matured then 1 end as denominator,
        false as is_weighted
    from {{ ref('fct_handoffs') }}

),

due_touches as (

    select
        'rating_compliance' as metric_name,
        account_id,
        {{ local_month('occurred_at') }} as month,
        case when is_rating_invited_in_time then 1 else 0 end as numerator,
        case when {{ rating_window_end('occurred_at') }} <= {{ as_of() }} then 1 end as denominator,
        false as is_weighted
    from {{ ref('fct_touches') }}
    where is_rating_due

),

-- what is not decided yet has no denominator
observations as (
    {% for relation in ['outcomes', 'values_reached', 'handoffs', 'due_touches'] %}
    select * from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

account_months as (

    select
        metric_name,
        account_id,
        month,
        is_weighted,
        sum(case when denominator is not null then numerator end) as numerator,
        sum(denominator) as denominator,
        count(denominator) as decided,
        count(*) as observed
    from observations
    group by metric_name, account_id, month, is_weighted

),

shares as (

    select
        account_months.*,
        members.subject_type,
        members.subject_id,
        case when account_months.is_weighted then members.weight else 1 end as weight
    from account_months
    {{ metric_members('account_months') }}

),

final as (

    select
        metric_name,
        month,
        subject_type,
        subject_id,
        {{ metric_columns({
            'numerator': 'sum(weight * numerator)',
            'denominator': 'sum(weight * denominator)',
            'n': 'sum(decided)',
            'seen': 'sum(decided)',
            'population': 'sum(observed)',
        }) }}
    from shares
    group by metric_name, month, subject_type, subject_id

)

select * from final
