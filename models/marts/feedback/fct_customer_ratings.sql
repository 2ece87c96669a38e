with

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where about_user_id is not null

),

invitations as (

    select * from {{ ref('fct_survey_invitations') }}

),

-- an employee must not choose who gives the rating, so answers to requests outside of the rating policy are left out
answered as (

    select
        responses.about_user_id as user_id,
        responses.survey_type,
        responses.account_id,
        count(*) as ratings,
        max(responses.responded_at) as latest_responded_at,
        {{ score_quotient('sum(responses.score_unit)', 'count(*)') }} as mean_score_unit,
        {{ score_quotient("count(case when responses.nps_class = 'promoter' then 1 end)", 'count(*)') }}
            as promoter_share,
        {{ score_quotient("count(case when responses.nps_class = 'detractor' then 1 end)", 'count(*)') }}
            as detractor_share
    from responses
    left join invitations
        on responses.invitation_id = invitations.invitation_id
    where not coalesce(invitations.is_off_policy, false)
    group by responses.about_user_id, responses.survey_type, responses.account_id

),

asked as (

    select distinct
        about_user_id as user_id,
        survey_type,
        account_id
    from invitations
    where
        about_user_id is not null
        and account_id is not null
        and is_delivered
        and not is_off_policy

),

final as (

    select
        coalesce(answered.user_id, asked.user_id) as user_id,
        coalesce(answered.survey_type, asked.survey_type) as survey_type,
        coalesce(answered.account_id, asked.account_id) as account_id,
        coalesce(answered.ratings, 0) as ratings,
        answered.latest_responded_at,
        answered.mean_score_unit,
        case when answered.survey_type = 'nps' then answered.promoter_share end as promoter_share,
        case when answered.survey_type = 'nps' then answered.detractor_share end as detractor_share,
        asked.account_id is not null as is_invited
    from answered
    full join asked
        on
            answered.user_id = asked.user_id
            and answered.survey_type = asked.survey_type
            and answered.account_id = asked.account_id

)

select * from final
