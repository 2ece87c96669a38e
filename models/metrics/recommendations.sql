with

lifetimes as (

    select * from {{ ref('customer_lifetime') }}
    where first_charge_at <= {{ dbt.dateadd('day', -var('min_tenure_days'), as_of()) }}

),

customers as (

    select
        account_id,
        {{ segment_name('segment') }} as segment
    from {{ ref('dim_customers') }}

),

-- the company has its row before it has a customer
subjects as (

    select
        'company' as subject_type,
        'all' as subject_id

    union all

    select distinct
        'segment' as subject_type,
        customers.segment as subject_id
    from lifetimes
    inner join customers
        on lifetimes.account_id = customers.account_id

),

members as (

    select
        lifetimes.*,
        customers.segment
    from lifetimes
    inner join customers
        on lifetimes.account_id = customers.account_id

),

totals as (

    select
        subjects.subject_type,
        subjects.subject_id,
        count(members.account_id) as customers,
        count(case when members.is_recommend_stated then 1 end) as stated,
        count(case when members.is_recommend_realised then 1 end) as realised,
        count(case when members.is_recommend_stated and members.is_recommend_realised then 1 end)
            as stated_and_realised,
        count(case when members.is_recommend_stated and not members.is_recommend_realised then 1 end)
            as stated_not_realised
    from subjects
    left join members
        on subjects.subject_type = 'company' or subjects.subject_id = members.segment
    group by subjects.subject_type, subjects.subject_id

),

final as (

    select
        subject_type,
        subject_id,
        customers,
        stated,
        realised,
        stated_and_realised,
        stated_not_realised,
        {{ rate_quotient('stated', 'customers') }} as stated_rate,
        {{ rate_quotient('realised', 'customers') }} as realised_rate
    from totals

)

select * from final
