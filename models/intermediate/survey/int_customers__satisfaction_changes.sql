with

responses as (

    select * from {{ ref('int_survey_responses__scored') }}
    where survey_type in ('{{ var("csat_survey_types") | join("', '") }}')

),

-- what a contact said last in each month
ranked as (

    select
        account_id,
        contact_id,
        {{ local_month('responded_at') }} as month,
        score_unit,
        row_number() over (
            partition by account_id, contact_id, {{ local_month('responded_at') }}
            order by responded_at desc, response_id desc
        ) as answer_rank
    from responses

),

-- a running total of changes is the sum over contacts, without a row for each contact and month
changes as (

    select
        account_id,
        month,
        score_unit - lag(score_unit, 1, 0) over (
            partition by account_id, contact_id
            order by month
        ) as score_unit_change,
        case
            when row_number() over (
                partition by account_id, contact_id
                order by month
            ) = 1 then 1
            else 0
        end as responder_change
    from ranked
    where answer_rank = 1

),

final as (

    select
        account_id,
        month,
        sum(score_unit_change) as score_unit_change,
        sum(responder_change) as responder_change
    from changes
    group by account_id, month

)

select * from final
