{{ config(access='protected', contract={'enforced': false}) }}

with

first_months as (

    select min(month) as first_month
    from {{ ref('sums_money') }}

    union all

    select min(month) as first_month
    from {{ ref('sums_customers') }}

    union all

    select min(month) as first_month
    from {{ ref('sums_shares') }}

    union all

    select min(month) as first_month
    from {{ ref('sums_waits') }}

    union all

    select min(month) as first_month
    from {{ ref('sums_usage') }}

),

months as (

    {{ date_series('(select min(first_month) from first_months)', local_month(as_of()), 'month') }}

),

final as (

    select
        series_on as month,
        cast({{ dbt.dateadd('month', 1, 'series_on') }} as date) as next_month,
        cast({{ dbt.dateadd('month', 1, 'series_on') }} as date) <= {{ local_day(as_of()) }} as is_complete
    from months

)

select * from final
