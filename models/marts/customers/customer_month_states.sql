{{ config(access='protected', contract={'enforced': false}) }}

with

stays as (

    select * from {{ ref('int_accounts__stays') }}

),

customer_months as (

    select * from {{ ref('customer_months') }}

),

months as (

    select * from {{ ref('int_months__spanned') }}

),

stayed as (

    select distinct
        stays.account_id,
        months.month
    from stays
    inner join months
        on
            stays.stays_from <= months.known_at
            and coalesce(stays.stays_until, {{ end_of_time() }}) > months.known_at

),

final as (

    select
        customer_months.account_id,
        customer_months.month,
        stayed.account_id is null as is_churned,
        coalesce(lag(stayed.account_id is not null) over (
            partition by customer_months.account_id
            order by customer_months.month
        ), false) as is_customer_at_start
    from customer_months
    left join stayed
        on customer_months.account_id = stayed.account_id and customer_months.month = stayed.month

)

select * from final
