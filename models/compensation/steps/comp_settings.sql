{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ definitions_version() }} as definitions_version
