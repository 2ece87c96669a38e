{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,
    '{{ var("reporting_currency") }}' as reporting_currency,
    '{{ var("reporting_timezone") }}' as reporting_timezone,
    {{ var('clawback_months') }} as clawback_months,
    {{ definitions_version() }} as definitions_version
