with

responses as (

    {{ accepted_rows(ref('rec_responses')) }}

),

surveys as (

    select * from {{ ref('int_surveys__typed') }}

),

opportunities as (

    {{ accepted_rows(ref('rec_opportunities')) }}

),

typed as (

    select
        responses.*,
        surveys.scale_min,
        surveys.scale_max,
        surveys.survey_type,
        -- An answer about a merged deal is about the surviving one.
        coalesce(opportunities.surviving_id, responses.about_id) as rated_id,
        {{ score_quotient(
            'responses.score - surveys.scale_min', 'surveys.scale_max - surveys.scale_min'
        ) }} as score_unit
    from responses
    inner join surveys
        on responses.survey_id = surveys.survey_id
    left join opportunities
        on
            responses.about_type = 'opportunity'
            and responses.about_id = opportunities.opportunity_id

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
        rated_id as about_id,
        about_user_id,
        -- In a relationship survey each invitation is a thing of its own, and so is each answer without an invitation.
        case
            when about_type <> 'relationship' then rated_id
            when invitation_id is not null then 'invitation ' || invitation_id
            else 'response ' || response_id
        end as thing_id,
        responded_at,
        score,
        scale_min,
        scale_max,
        score_unit,
        cast(1 + 9 * score_unit as {{ score_type() }}) as score_1_10
    from typed

)

select * from final
