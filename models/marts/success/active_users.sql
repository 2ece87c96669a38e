with

-- usage of a day that has not begun in the reporting time zone is not counted yet
persons as (

    select * from {{ ref('int_usage_days__persons') }}
    where used_on <= {{ local_day(as_of()) }}

),

subjects as (

    select
        'company' as subject_type,
        'all' as subject_id,
        person_id,
        used_on,
        value_events,
        is_active
    from persons

    union all

    select
        'account' as subject_type,
        account_id as subject_id,
        person_id,
        used_on,
        value_events,
        is_active
    from persons

),

-- a person who uses several accounts on one day is one active user of the company
days as (

    select
        subject_type,
        subject_id,
        used_on,
        person_id,
        sum(value_events) as value_events,
        max(case when is_active then 1 else 0 end) = 1 as is_active
    from subjects
    group by subject_type, subject_id, used_on, person_id

),

periods as (
    {% for period in ['day', 'week', 'month'] %}
    select
        *,
        '{{ period }}' as period,
        cast({{ dbt.date_trunc(period, 'used_on') }} as date) as starts_on,
        cast({{ dbt.dateadd(period, 1, dbt.date_trunc(period, 'used_on')) }} as date) as ends_on
    from days
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

totals as (

    select
        subject_type,
        subject_id,
        period,
        starts_on,
        least(ends_on, cast({{ dbt.dateadd('day', 1, local_day(as_of())) }} as date)) as ends_on,
        count(distinct case when is_active then person_id end) as active_users,
        count(case when is_active then 1 end) as active_days,
        cast(sum(value_events) as decimal(38, 0)) as value_events
    from periods
    group by subject_type, subject_id, period, starts_on, ends_on

),

averaged as (

    select
        *,
        {{ rate_quotient('active_days', dbt.datediff('starts_on', 'ends_on', 'day')) }} as mean_daily_active_users
    from totals

),

final as (

    select
        subject_type,
        subject_id,
        period,
        starts_on,
        active_users,
        value_events,
        mean_daily_active_users,
        {{ rate_quotient('mean_daily_active_users', 'active_users') }} as stickiness
    from averaged

)

select * from final
