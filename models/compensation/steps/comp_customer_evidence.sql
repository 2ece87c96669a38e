{{ config(materialized='view') }}

with

payees as (

    select distinct
        period,
        user_id,
        side
    from {{ ref('comp_payees') }}

),

credits as (

    select * from {{ ref('customer_month_credits') }}

),

customer_months as (

    select * from {{ ref('customer_months') }}

),

states as (

    select * from {{ ref('customer_month_states') }}
    where is_customer_at_start

),

outcomes as (

    select * from {{ ref('fct_outcomes') }}
    where is_due

),

referrals as (

    select * from {{ ref('fct_referrals') }}
    where realised_at <= {{ as_of() }}

),

-- a customer that is handed on and leaves is lost by whoever had it when the month began
figures as (

    select
        'retention' as metric_name,
        account_id,
        month,
        cast({{ dbt.dateadd('month', -1, 'month') }} as date) as credit_month,
        'marts.customer_month_states' as source_table,
        account_id as source_id,
        null as occurred_at,
        cast(case when has_left then 0 else 1 end as {{ figure_type() }}) as amount,
        cast(1 as {{ figure_type() }}) as base,
        null as seen
    from states

    union all

    select
        'outcomes_on_time' as metric_name,
        account_id,
        {{ local_month('due_at') }} as month,
        {{ local_month('due_at') }} as credit_month,
        'marts.fct_outcomes' as source_table,
        outcome_id as source_id,
        due_at as occurred_at,
        cast(case when is_verified_on_time then weight else 0 end as {{ figure_type() }}) as amount,
        cast(weight as {{ figure_type() }}) as base,
        null as seen
    from outcomes

    union all

    select
        'recommendations' as metric_name,
        referrer_account_id as account_id,
        {{ local_month('realised_at') }} as month,
        {{ local_month('realised_at') }} as credit_month,
        'marts.fct_referrals' as source_table,
        referral_id as source_id,
        realised_at as occurred_at,
        cast(1 as {{ figure_type() }}) as amount,
        null as base,
        null as seen
    from referrals

    union all

    select
        'ppp_yield' as metric_name,
        account_id,
        month,
        month as credit_month,
        'marts.customer_months' as source_table,
        account_id as source_id,
        null as occurred_at,
        cast(ppp as {{ figure_type() }}) as amount,
        cast(10 * cltv as {{ figure_type() }}) as base,
        cast(case when csat_1_10 is not null then 10 * cltv else 0 end as {{ figure_type() }}) as seen
    from customer_months

),

final as (

    select
        payees.period,
        payees.user_id,
        figures.metric_name,
        figures.account_id,
        figures.source_table,
        figures.source_id,
        figures.occurred_at,
        credits.weight,
        figures.amount,
        figures.base,
        figures.seen
    from figures
    inner join credits
        on figures.account_id = credits.account_id and figures.credit_month = credits.month
    inner join payees
        on
            figures.month = payees.period
            and credits.user_id = payees.user_id
            and credits.side = payees.side

)

select * from final
