{{ config(materialized='view') }}

with

-- a day that has begun in UTC alone is in no figure yet
usage_days as (

    select * from {{ ref('int_usage_days__persons') }}
    where used_on <= {{ local_day(as_of()) }}

),

final as (

    select
        account_id,
        person_id,
        used_on,
        cast({{ dbt.date_trunc('month', 'used_on') }} as date) as month,
        is_active
    from usage_days

)

select * from final
