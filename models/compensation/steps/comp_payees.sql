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
        case when team = 'marketing' then 'marketing' else 'sales' end as side
    from terms

)

select * from final
