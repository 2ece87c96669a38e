{{ config(materialized='view') }}

select
    {{ as_of() }} as as_of,
    '{{ var("reporting_currency") }}' as reporting_currency,
    {{ var('clawback_months') }} as clawback_months
