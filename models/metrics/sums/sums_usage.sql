with

usage_days as (

    select * from {{ ref('contrib_usage') }}

),

subjects as (

    select * from {{ ref('credit_subjects') }}

),

subject_usage as (

    select
        subjects.subject_type,
        subjects.subject_id,
        subjects.side,
        usage_days.month,
        usage_days.used_on,
        case when usage_days.is_active then usage_days.person_id end as person_id
    from usage_days
    inner join subjects
        on
            coalesce(usage_days.account_id, '') = subjects.account_id
            and {{ counts_in_month('subjects', 'usage_days.month') }}

),

-- A person who is active in several accounts on one day counts once.
daily as (

    select
        subject_type,
        subject_id,
        side,
        month,
        used_on,
        count(distinct person_id) as active_users
    from subject_usage
    group by subject_type, subject_id, side, month, used_on

),

monthly as (

    select
        subject_type,
        subject_id,
        side,
        month,
        count(distinct person_id) as active_users
    from subject_usage
    group by subject_type, subject_id, side, month

),

-- The mean is over all days of the month up to as_of, including days without any usage.
final as (

    select
        daily.subject_type,
        daily.subject_id,
        daily.side,
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
            and daily.side = monthly.side
            and daily.month = monthly.month
    group by daily.subject_type, daily.subject_id, daily.side, daily.month, monthly.active_users

)

select * from final
