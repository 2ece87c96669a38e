{{ config(materialized='view') }}

with

surveys as (

    {{ accepted_rows(ref('rec_surveys')) }}

),

final as (

    select
        survey_id,
        case
            when survey_type = 'nps' and not (scale_min = 0 and scale_max = 10) then 'nps_like'
            else survey_type
        end as survey_type,
        scale_min,
        scale_max
    from surveys

)

select * from final
