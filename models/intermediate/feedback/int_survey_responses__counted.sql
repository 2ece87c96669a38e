{{ config(materialized='view') }}

with

responses as (

    select * from {{ ref('int_survey_responses__scored') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by survey_id, account_id, contact_id, about_type, thing_id
            order by responded_at desc, response_id desc
        ) as answer_rank
    from responses

),

final as (

    select
        response_id,
        survey_id,
        survey_type,
        invitation_id,
        account_id,
        contact_id,
        about_type,
        about_id,
        about_user_id,
        responded_at,
        score,
        scale_min,
        scale_max,
        score_unit,
        score_1_10
    from ranked
    where answer_rank = 1

)

select * from final
