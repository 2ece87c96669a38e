with

responses as (

    select * from {{ ref('int_survey_responses__counted') }}

),

invitations as (

    {{ accepted_rows(ref('rec_invitations')) }}

),

things as (

    select * from {{ ref('int_things__rated_users') }}

),

users as (

    {{ accepted_rows(ref('rec_users')) }}

),

-- the rated user is frozen, so that a later reassignment moves no rating: as the invitation was sent, else as answered,
-- else the user of the rated record at its own time
attributed as (

    select
        responses.*,
        coalesce(
            invitations.about_user_id,
            responses.about_user_id,
            things.user_id
        ) as rated_user_id
    from responses
    left join invitations
        on responses.invitation_id = invitations.invitation_id
    left join things
        on
            responses.about_type = things.about_type
            and responses.about_id = things.about_id

),

final as (

    select
        attributed.response_id,
        attributed.survey_id,
        attributed.survey_type,
        attributed.invitation_id,
        attributed.account_id,
        attributed.contact_id,
        attributed.about_type,
        attributed.about_id,
        case when not users.is_bot then attributed.rated_user_id end as about_user_id,
        attributed.responded_at,
        attributed.score,
        attributed.scale_min,
        attributed.scale_max,
        attributed.score_unit,
        attributed.score_1_10,
        case
            when attributed.survey_type <> 'nps' then null
            when attributed.score >= 9 then 'promoter'
            when attributed.score <= 6 then 'detractor'
            else 'passive'
        end as nps_class
    from attributed
    left join users
        on attributed.rated_user_id = users.user_id

)

select * from final
