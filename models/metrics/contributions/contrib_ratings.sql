{{ config(materialized='view') }}

with

responses as (

    select * from {{ ref('fct_survey_responses') }}

),

final as (

    select
        'marts.fct_survey_responses' as source_table,
        response_id as source_id,
        account_id,
        {{ local_month('responded_at') }} as month,
        responded_at as occurred_at,
        case when survey_type in ('{{ var("csat_survey_types") | join("', '") }}') then score_unit end as csat_unit,
        case when survey_type = 'touch_rating' then score_unit end as touch_rating_unit,
        case when nps_class is not null then score_unit end as nps_unit,
        case when nps_class = 'promoter' then 1 end as promoter,
        case when nps_class = 'detractor' then 1 end as detractor
    from responses

)

select * from final
