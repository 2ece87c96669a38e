with

responses as (

    select * from {{ ref('int_survey_responses__scored') }}
    where survey_type in ('{{ (["nps"] + var("csat_survey_types")) | join("', '") }}')

),

-- Only the latest answer of a contact in each month counts.
ranked as (

    select
        account_id,
        contact_id,
        {{ local_month('responded_at') }} as month,
        survey_type = 'nps' as is_nps,
        score_unit,
        case when score >= 9 then 1 else 0 end as is_recommended,
        row_number() over (
            partition by account_id, contact_id, survey_type = 'nps', {{ local_month('responded_at') }}
            order by responded_at desc, response_id desc
        ) as answer_rank
    from responses

),

-- The changes are kept per contact with an answer, because a row for each contact and month would be far more rows.
-- Their running total is the sum of the latest answers over the contacts.
changes as (

    select
        account_id,
        month,
        is_nps,
        score_unit - lag(score_unit, 1, 0) over contact_answers as score_unit_change,
        case when row_number() over contact_answers = 1 then 1 else 0 end as responder_change,
        is_recommended - lag(is_recommended, 1, 0) over contact_answers as recommender_change
    from ranked
    where answer_rank = 1
    window contact_answers as (
        partition by account_id, contact_id, is_nps
        order by month
    )

),

final as (

    select
        account_id,
        month,
        sum(case when is_nps then 0 else score_unit_change end) as score_unit_change,
        sum(case when is_nps then 0 else responder_change end) as responder_change,
        sum(case when is_nps then recommender_change else 0 end) as recommender_change
    from changes
    group by account_id, month

)

select * from final
