with

touches as (

    {{ accepted_rows(ref('rec_touches')) }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

invitations as (

    {{ accepted_rows(ref('rec_invitations')) }} and about_type = 'touch'

),

nurture_points as (

    select * from {{ ref('nurture_points') }}

),

-- only a delivered touch between a human user and a known contact can be rated
eligible as (

    select
        touches.touch_id,
        touches.contact_id,
        touches.occurred_at,
        row_number() over (
            partition by touches.contact_id
            order by touches.occurred_at, touches.touch_id
        ) as touch_number
    from touches
    inner join users
        on touches.user_id = users.user_id
    where
        touches.contact_id is not null
        and touches.is_delivered
        and not touches.is_automated
        and not users.is_bot

),

-- touches and invitations in one order of time; an invitation sorts after the touches of its own moment, because it was
-- not sent before them
timeline as (

    select
        contact_id,
        occurred_at as happened_at,
        0 as is_invitation,
        touch_id
    from eligible

    union all

    select
        contact_id,
        sent_at as happened_at,
        1 as is_invitation,
        null as touch_id
    from invitations
    where contact_id is not null

),

rests as (

    select
        touch_id,
        max(case when is_invitation = 1 then happened_at end) over (
            partition by contact_id
            order by happened_at, is_invitation
            rows between unbounded preceding and current row
        ) as last_invited_at
    from timeline

),

invited as (

    select
        touches.touch_id,
        max(case
            when
                invitations.sent_at >= touches.occurred_at
                and invitations.sent_at < {{ rating_window_end('touches.occurred_at') }}
                then 1
            else 0
        end) = 1 as is_rating_invited_in_time
    from touches
    inner join invitations
        on touches.touch_id = invitations.about_id
    group by touches.touch_id

),

judged as (

    select
        touches.*,
        eligible.touch_number,
        case
            when
                eligible.touch_id is null
                or rests.last_invited_at > {{ dbt.dateadd('day', -var('rating_rest_days'), 'touches.occurred_at') }}
                then null
            when eligible.touch_number % {{ var('rating_every_n_touches') }} = 0 then 'every_nth_touch'
            when nurture_points.nurture_point is not null then 'nurture_point'
        end as due_reason,
        invited.touch_id is not null as is_rating_invited,
        coalesce(invited.is_rating_invited_in_time, false) as is_rating_invited_in_time
    from touches
    left join eligible
        on touches.touch_id = eligible.touch_id
    left join rests
        on touches.touch_id = rests.touch_id
    left join nurture_points
        on
            touches.nurture_point = nurture_points.nurture_point
            and {{ local_day('touches.occurred_at') }} >= nurture_points.valid_from
            and (
                nurture_points.valid_to is null
                or {{ local_day('touches.occurred_at') }} < nurture_points.valid_to
            )
    left join invited
        on touches.touch_id = invited.touch_id

),

final as (

    select
        touch_id,
        occurred_at,
        channel,
        direction,
        user_id,
        contact_id,
        account_id,
        campaign_id,
        lead_id,
        opportunity_id,
        nurture_point,
        is_automated,
        is_delivered,
        touch_number,
        due_reason is not null as is_rating_due,
        due_reason,
        is_rating_invited,
        is_rating_invited_in_time
    from judged

)

select * from final
