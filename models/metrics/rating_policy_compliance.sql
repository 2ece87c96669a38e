with

touches as (

    select * from {{ ref('fct_touches') }}
    where touch_number is not null

),

due_touches as (

    select * from {{ ref('contrib_shares') }}
    where metric_name = 'rating_compliance'

),

invitations as (

    select * from {{ ref('fct_survey_invitations') }}
    where is_off_policy and about_user_id is not null

),

months as (

    select
        touches.user_id,
        {{ local_month('touches.occurred_at') }} as month,
        count(*) as eligible_touches,
        count(due_touches.source_id) as due_touches,
        count(case when due_touches.is_decided then 1 end) as due_touches_over,
        sum(case when due_touches.is_decided then due_touches.amount else 0 end) as invited_due,
        0 as off_policy_invitations
    from touches
    left join due_touches
        on touches.touch_id = due_touches.source_id
    group by touches.user_id, {{ local_month('touches.occurred_at') }}

    union all

    select
        about_user_id as user_id,
        {{ local_month('sent_at') }} as month,
        0 as eligible_touches,
        0 as due_touches,
        0 as due_touches_over,
        0 as invited_due,
        count(*) as off_policy_invitations
    from invitations
    group by about_user_id, {{ local_month('sent_at') }}

),

totals as (

    select
        user_id,
        month,
        cast(sum(eligible_touches) as bigint) as eligible_touches,
        cast(sum(due_touches) as bigint) as due_touches,
        cast(sum(due_touches_over) as bigint) as due_touches_over,
        cast(sum(invited_due) as bigint) as invited_due,
        cast(sum(off_policy_invitations) as bigint) as off_policy_invitations
    from months
    group by user_id, month

),

final as (

    select
        user_id,
        month,
        eligible_touches,
        due_touches,
        due_touches_over,
        invited_due,
        {{ rate_quotient('invited_due', 'due_touches_over') }} as compliance,
        off_policy_invitations
    from totals

)

select * from final
