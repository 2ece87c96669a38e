{{ config(materialized='view') }}

with

-- Days after the local day of as_of are left out: they have begun in UTC but not in the reporting time zone.
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
