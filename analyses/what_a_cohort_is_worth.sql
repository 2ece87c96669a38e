-- Cohorts over all segments. For one segment, replace 'all' by its name.
with

cohorts as (

    select * from {{ ref('customer_cohorts') }}
    where segment = 'all'

),

final as (

    select
        cohort_month,
        months_since,
        customers,
        active_customers,
        active_customers / cast(customers as {{ double_type() }}) as active_rate,
        reporting_amount,
        cltv,
        cltv / customers as cltv_per_customer,
        cltv / nullif(
            first_value(cltv) over (partition by cohort_month order by months_since), 0
        ) as cltv_multiple
    from cohorts

)

select * from final
order by cohort_month, months_since
