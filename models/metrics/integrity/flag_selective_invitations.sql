with

touches as (

    select * from {{ ref('fct_touches') }}
    where
        is_rating_due
        and {{ rating_window_end('occurred_at') }} <= {{ as_of() }}

),

responses as (

    select * from {{ ref('fct_survey_responses') }}

),

-- Only later answers that are not about this employee count, because the employee could have prevented requests about
-- themselves.
judged as (

    select
        touches.touch_id,
        touches.user_id,
        touches.occurred_at,
        touches.is_rating_invited,
        avg(responses.score_unit) < {{ var('flag_unhappy_below') }} as is_unhappy
    from touches
    inner join responses
        on
            touches.account_id = responses.account_id
            and touches.occurred_at < responses.responded_at
            and responses.responded_at <= {{ dbt.dateadd('day', var('flag_later_days'), 'touches.occurred_at') }}
            and touches.user_id <> coalesce(responses.about_user_id, '')
    group by touches.touch_id, touches.user_id, touches.occurred_at, touches.is_rating_invited

),

users as (

    select
        user_id,
        max(occurred_at) as raised_at,
        count(case when is_unhappy then 1 end) as unhappy,
        count(case when is_unhappy and is_rating_invited then 1 end) as unhappy_invited,
        count(case when not is_unhappy then 1 end) as happy,
        count(case when not is_unhappy and is_rating_invited then 1 end) as happy_invited
    from judged
    group by user_id

),

compared as (

    select
        *,
        {{ sigmas_apart('happy_invited', 'happy', 'unhappy_invited', 'unhappy') }} as sigmas
    from users
    where
        unhappy >= {{ var('flag_min_observations') }}
        and happy >= {{ var('flag_min_observations') }}

),

final as (

    select
        'selective_invitations:' || user_id as flag_id,
        'selective_invitations' as flag_type,
        user_id,
        {{ local_month('raised_at') }} as month,
        'Asked for ' || unhappy_invited || ' of ' || unhappy
        || ' ratings that were due of customers who were unhappy later, and for '
        || happy_invited || ' of ' || happy || ' of those who were happy: '
        || {{ shown_number('sigmas', 1) }} || ' sigma.' as evidence,
        raised_at
    from compared
    where sigmas >= {{ var('flag_sigma') }}

)

select * from final
