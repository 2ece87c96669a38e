{%- set metrics = {
    'daily_active_users': {
        'numerator': 'active_days',
        'denominator': 'day_count',
        'n': 'day_count',
        'squares': 'squares - ' ~ rate_quotient('active_days * active_days', 'day_count'),
    },
    'stickiness': {
        'numerator': rate_quotient('active_days', 'day_count'),
        'denominator': 'active_users',
        'n': 'active_users',
    },
} -%}
with

usage_days as (

    select
        *,
        cast({{ dbt.date_trunc('month', 'used_on') }} as date) as month
    from {{ ref('person_usage_days') }}

),

subject_usage as (

    select
        members.subject_type,
        members.subject_id,
        usage_days.month,
        usage_days.used_on,
        case when usage_days.is_active then usage_days.person_id end as person_id
    from usage_days
    {{ metric_members('usage_days') }}

),

-- a person is active on a day once, in whatever number of accounts
daily as (

    select
        subject_type,
        subject_id,
        month,
        used_on,
        count(distinct person_id) as active_users
    from subject_usage
    group by subject_type, subject_id, month, used_on

),

monthly as (

    select
        subject_type,
        subject_id,
        month,
        count(distinct person_id) as active_users
    from subject_usage
    group by subject_type, subject_id, month

),

-- days of the month up to as_of on which nobody came are days, too
subject_months as (

    select
        daily.subject_type,
        daily.subject_id,
        daily.month,
        {{ dbt.datediff('daily.month', month_end('daily.month'), 'day') }} + 1 as day_count,
        monthly.active_users,
        sum(daily.active_users) as active_days,
        sum(daily.active_users * daily.active_users) as squares
    from daily
    inner join monthly
        on
            daily.subject_type = monthly.subject_type
            and daily.subject_id = monthly.subject_id
            and daily.month = monthly.month
    group by daily.subject_type, daily.subject_id, daily.month, monthly.active_users

),

final as (

    {{ metric_rows('subject_months', metrics) }}

)

select * from final
