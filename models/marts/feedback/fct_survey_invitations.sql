with

invitations as (

    {{ accepted_rows(ref('rec_invitations')) }}

),

surveys as (

    select * from {{ ref('int_surveys__typed') }}

),

responses as (

    select * from {{ ref('int_survey_responses__counted') }}

),

opportunities as (

    {{ accepted_rows(ref('rec_opportunities')) }}

),

things as (

    select * from {{ ref('int_things__rated_users') }}

),

touches as (

    select * from {{ ref('fct_touches') }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

-- one invitation can have several counted answers, such as one from each of two people
answers as (

    select
        invitation_id,
        account_id,
        contact_id,
        about_user_id,
        row_number() over (
            partition by invitation_id
            order by responded_at desc, response_id desc
        ) as answer_rank
    from responses
    where invitation_id is not null

),

-- a request about a merged deal is about the surviving one
requests as (

    select
        invitations.invitation_id,
        invitations.survey_id,
        invitations.account_id,
        invitations.contact_id,
        invitations.about_type,
        coalesce(opportunities.surviving_id, invitations.about_id) as about_id,
        invitations.about_user_id,
        invitations.sent_at,
        invitations.is_delivered
    from invitations
    left join opportunities
        on
            invitations.about_type = 'opportunity'
            and invitations.about_id = opportunities.opportunity_id

),

-- account, contact and user that the invitation leaves open come from its latest counted answer
attributed as (

    select
        requests.*,
        surveys.survey_type,
        answers.invitation_id is not null as is_answered,
        coalesce(requests.account_id, answers.account_id) as rated_account_id,
        coalesce(requests.contact_id, answers.contact_id) as rated_contact_id,
        coalesce(requests.about_user_id, answers.about_user_id, things.user_id) as rated_user_id,
        requests.about_type = 'touch' and not coalesce(touches.is_rating_due, false) as is_off_policy
    from requests
    inner join surveys
        on requests.survey_id = surveys.survey_id
    left join answers
        on
            requests.invitation_id = answers.invitation_id
            and answers.answer_rank = 1
    left join things
        on
            requests.about_type = things.about_type
            and requests.about_id = things.about_id
    left join touches
        on
            requests.about_type = 'touch'
            and requests.about_id = touches.touch_id

),

final as (

    select
        attributed.invitation_id,
        attributed.survey_id,
        attributed.survey_type,
        attributed.rated_account_id as account_id,
        attributed.rated_contact_id as contact_id,
        attributed.about_type,
        attributed.about_id,
        users.user_id as about_user_id,
        attributed.sent_at,
        attributed.is_delivered,
        attributed.is_off_policy,
        attributed.is_answered
    from attributed
    left join users
        on attributed.rated_user_id = users.user_id and not users.is_bot

)

select * from final
