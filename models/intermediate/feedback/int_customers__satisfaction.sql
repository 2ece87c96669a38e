with

changes as (

    select * from {{ ref('int_customers__satisfaction_changes') }}

),

responses as (

    select * from {{ ref('int_survey_responses__scored') }}
    where survey_type = 'nps'

),

latest_answers as (

    select
        account_id,
        sum(score_unit_change) as score_units,
        sum(responder_change) as responders,
        sum(recommender_change) as recommenders
    from changes
    group by account_id

),

ranked as (

    select
        account_id,
        score,
        row_number() over (partition by account_id order by responded_at desc, response_id desc) as answer_rank
    from responses

),

final as (

    select
        latest_answers.account_id,
        {{ score_quotient('latest_answers.score_units', 'latest_answers.responders') }} as csat_unit,
        ranked.score as nps_latest,
        latest_answers.recommenders > 0 as is_recommend_stated
    from latest_answers
    left join ranked
        on latest_answers.account_id = ranked.account_id and ranked.answer_rank = 1

)

select * from final
