with

customer_months as (

    select * from {{ ref('customer_months') }}

),

customers as (

    select
        account_id,
        {{ segment_name('segment') }} as segment,
        {{ local_month('acquired_at') }} as cohort_month
    from {{ ref('dim_customers') }}
    where is_customer

),

segmented as (

    select
        account_id,
        'all' as segment,
        cohort_month
    from customers

    union all

    select
        account_id,
        segment,
        cohort_month
    from customers

),

final as (

    select
        segmented.cohort_month,
        {{ dbt.datediff('segmented.cohort_month', 'customer_months.month', 'month') }} as months_since,
        segmented.segment,
        count(*) as customers,
        count(case when customer_months.transaction_count > 0 then 1 end) as active_customers,
        sum(customer_months.reporting_amount) as reporting_amount,
        sum(customer_months.cltv) as cltv
    from segmented
    inner join customer_months
        on segmented.account_id = customer_months.account_id
    group by segmented.cohort_month, customer_months.month, segmented.segment

)

select * from final
