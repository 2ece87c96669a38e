-- Guards M4 and M5 in docs/metrics.md: an employee is rated by all counted answers about the employee, each once, minus
-- the answers to requests outside of the rating policy.
with

responses as (

    select * from {{ ref('fct_survey_responses') }}
    where about_user_id is not null

),

off_policy as (

    select invitation_id
    from {{ ref('fct_survey_invitations') }}
    where is_off_policy

),

ratings as (

    select
        user_id,
        survey_type,
        sum(ratings) as ratings
    from {{ ref('employee_ratings') }}
    group by user_id, survey_type

),

expected as (

    select
        responses.about_user_id as user_id,
        responses.survey_type,
        count(*) as ratings
    from responses
    left join off_policy
        on responses.invitation_id = off_policy.invitation_id
    where off_policy.invitation_id is null
    group by responses.about_user_id, responses.survey_type

),

final as (

    select
        coalesce(expected.user_id, ratings.user_id) as user_id,
        coalesce(expected.survey_type, ratings.survey_type) as survey_type,
        ratings.ratings as found,
        expected.ratings as expected
    from expected
    full join ratings
        on
            expected.user_id = ratings.user_id
            and expected.survey_type = ratings.survey_type
    where ratings.ratings is distinct from expected.ratings

)

select * from final
