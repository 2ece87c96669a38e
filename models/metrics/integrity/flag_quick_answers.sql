with

responses as (

    select * from {{ ref('fct_survey_responses') }}

),

invitations as (

    select * from {{ ref('fct_survey_invitations') }}

),

answered as (

    select
        responses.response_id,
        responses.about_user_id,
        responses.responded_at,
        responses.score_unit,
        invitations.invitation_id,
        {{ elapsed_microseconds('invitations.sent_at', 'responses.responded_at') }} as elapsed_microseconds
    from responses
    inner join invitations
        on responses.invitation_id = invitations.invitation_id

),

final as (

    select
        'quick_answer:' || response_id as flag_id,
        'quick_answer' as flag_type,
        about_user_id as user_id,
        {{ local_month('responded_at') }} as month,
        'The rating ' || response_id || ' of ' || {{ shown_number('score_unit', 2) }} || ' (from 0 to 1) came '
        || {{ shown_number(as_minutes('elapsed_microseconds') ~ ' * 60', 1) }}
        || ' seconds after its request ' || invitation_id || ' was sent.' as evidence,
        responded_at as raised_at
    from answered
    where elapsed_microseconds between 0 and 1000000 * {{ var('flag_quick_seconds') }}

)

select * from final
