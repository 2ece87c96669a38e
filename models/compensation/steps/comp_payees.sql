{{ config(materialized='view') }}

with

terms as (

    select * from {{ ref('comp_terms') }}

),

final as (

    select distinct
        scenario,
        period,
        user_id,
        team,
        {{ side_of('team') }} as side
    from terms

)

select * from final
