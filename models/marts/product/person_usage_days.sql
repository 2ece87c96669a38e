{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

-- a day that has begun in UTC alone is in no figure yet
persons as (

    select * from {{ ref('int_usage_days__persons') }}
    where used_on <= {{ local_day(as_of()) }}

),

final as (

    select
        account_id,
        person_id,
        used_on,
        max(value_events) >= 1 as is_active
    from persons
    group by account_id, person_id, used_on

)

select * from final
