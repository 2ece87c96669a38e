with

responses as (

    select * from {{ ref('int_survey_responses__counted') }}

),

-- answers without contact are those of one more contact
ranked as (

    select
        account_id,
        score,
        score_unit,
        survey_type = 'nps' as is_nps,
        row_number() over (
            partition by account_id, contact_id, survey_type = 'nps'
            order by responded_at desc, response_id desc
        ) as contact_answer_rank,
        row_number() over (
            partition by account_id, survey_type = 'nps'
            order by responded_at desc, response_id desc
        ) as account_answer_rank
    from responses
    where survey_type in ('{{ (["nps"] + var("csat_survey_types")) | join("', '") }}')

),

final as (

    select
        account_id,
        {{ score_quotient(
            'sum(case when not is_nps and contact_answer_rank = 1 then score_unit end)',
            'count(case when not is_nps and contact_answer_rank = 1 then score_unit end)',
        ) }} as csat_unit,
        max(case when is_nps and account_answer_rank = 1 then score end) as nps_latest,
        coalesce(max(case when is_nps and contact_answer_rank = 1 then score end) >= 9, false) as is_recommend_stated
    from ranked
    group by account_id

)

select * from final
