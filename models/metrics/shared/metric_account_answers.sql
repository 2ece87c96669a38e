{{ config(materialized='view') }}

with

responses as (

    select * from {{ ref('fct_survey_responses') }}

),

-- who answers often has one opinion
final as (

    select
        account_id,
        {%- for name, types in {'csat': var('csat_survey_types'), 'touch_rating': ['touch_rating']}.items() %}
        {%- set answer = "case when survey_type in ('" ~ types | join("', '") ~ "') then score_unit end" %}
        {{ score_quotient('sum(' ~ answer ~ ')', 'count(' ~ answer ~ ')') }} as {{ name }}_unit,
        {%- endfor %}
        {%- for nps_class in ['promoter', 'detractor'] %}
        {{ score_quotient("count(case when nps_class = '" ~ nps_class ~ "' then 1 end)", 'count(nps_class)') }}
            as {{ nps_class }}_share,
        {%- endfor %}
        {{ local_month('responded_at') }} as month
    from responses
    group by account_id, {{ local_month('responded_at') }}

)

select * from final
