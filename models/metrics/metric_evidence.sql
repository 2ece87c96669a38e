{{ config(materialized='view', access='protected', contract={'enforced': false}) }}

with

credited_money as (

    select * from {{ ref('credited_money') }}
    where employee_id is not null

),

subjects as (

    select * from {{ ref('credit_subjects') }}
    where subject_type = 'employee'

),

money as (

    select
        *,
        'cltv_growth' as metric_name,
        growth_amount as amount
    from credited_money

    union all

    select
        *,
        'cross_sell' as metric_name,
        cross_sell_amount as amount
    from credited_money

    union all

    select
        *,
        'up_sell' as metric_name,
        up_sell_amount as amount
    from credited_money

    union all

    select
        *,
        'bookings' as metric_name,
        booked_amount as amount
    from credited_money

),

account_facts as (

    select
        metric_name,
        account_id,
        month,
        credit_month,
        source_table,
        source_id,
        occurred_at,
        cast(amount as {{ score_type() }}) as amount,
        cast(base as {{ score_type() }}) as base
    from {{ ref('contrib_shares') }}
    where is_weighted

    union all

    select
        'ppp_yield' as metric_name,
        account_id,
        month,
        month as credit_month,
        'marts.customer_months' as source_table,
        account_id as source_id,
        null as occurred_at,
        cast(ppp as {{ score_type() }}) as amount,
        cast(10 * cltv as {{ score_type() }}) as base
    from {{ ref('contrib_customers') }}
    where is_customer

    union all

    -- Each answer has base 1; metric_evidence_customers turns the answers of a customer into one mean.
    select
        'satisfaction' as metric_name,
        account_id,
        month,
        month as credit_month,
        source_table,
        source_id,
        occurred_at,
        csat_unit as amount,
        1 as base
    from {{ ref('contrib_ratings') }}
    where csat_unit is not null

),

final as (

    select
        metric_name,
        month,
        side,
        employee_id as user_id,
        account_id,
        source_table,
        source_id,
        credit_at as occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        cast(amount as {{ score_type() }}) as amount,
        cast(null as {{ score_type() }}) as base
    from money
    where amount is not null

    union all

    select
        account_facts.metric_name,
        account_facts.month,
        subjects.side,
        subjects.subject_id as user_id,
        account_facts.account_id,
        account_facts.source_table,
        account_facts.source_id,
        account_facts.occurred_at,
        null as rule,
        null as credit_table,
        null as credit_id,
        case when account_facts.metric_name = 'satisfaction' then 1 else subjects.weight end as weight,
        account_facts.amount,
        account_facts.base
    from account_facts
    inner join subjects
        on
            account_facts.account_id = subjects.account_id
            and {{ counts_in_month('subjects', 'account_facts.month', 'account_facts.credit_month') }}

)

select * from final
