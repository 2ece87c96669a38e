with

-- is_realised is null for customers of too little tenure, who cannot be expected to recommend.
customers as (

    select * from {{ ref('contrib_customers') }}
    where
        month = {{ local_month(as_of()) }}
        and is_realised is not null

),

subjects as (

    select * from {{ ref('credit_subjects') }}
    where subject_type in ('company', 'segment')

),

members as (

    select
        subjects.subject_type,
        subjects.subject_id,
        customers.account_id,
        customers.is_stated,
        customers.is_realised
    from customers
    inner join subjects
        on customers.account_id = subjects.account_id

    union all

    -- The company has a row even without customers.
    select
        'company' as subject_type,
        'all' as subject_id,
        null as account_id,
        cast(null as {{ dbt.type_boolean() }}) as is_stated,
        cast(null as {{ dbt.type_boolean() }}) as is_realised

),

totals as (

    select
        subject_type,
        subject_id,
        count(account_id) as customers,
        count(is_stated) as asked,
        sum(case when is_stated then 1 when not is_stated then 0 end) as stated,
        count(case when is_realised then 1 end) as realised,
        sum(case when is_stated and is_realised then 1 when is_stated is not null then 0 end) as stated_and_realised,
        sum(case when is_stated and not is_realised then 1 when is_stated is not null then 0 end) as stated_not_realised
    from members
    group by subject_type, subject_id

),

final as (

    select
        subject_type,
        subject_id,
        customers,
        asked,
        cast(stated as bigint) as stated,
        realised,
        cast(stated_and_realised as bigint) as stated_and_realised,
        cast(stated_not_realised as bigint) as stated_not_realised,
        {{ rate_quotient('asked', 'customers') }} as stated_coverage,
        {{ rate_quotient('stated', 'asked') }} as stated_rate,
        {{ rate_quotient('realised', 'customers') }} as realised_rate
    from totals

)

select * from final
