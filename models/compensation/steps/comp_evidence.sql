{{ config(materialized='view') }}

with

money as (

    select * from {{ ref('comp_money_evidence') }}

),

customer_figures as (

    select * from {{ ref('comp_customer_evidence') }}

),

customers as (

    select * from {{ ref('comp_payee_customers') }}

),

responses as (

    select
        *,
        {{ local_month('responded_at') }} as month
    from {{ ref('fct_survey_responses') }}
    where survey_type in ('{{ var("csat_survey_types") | join("', '") }}')

),

weighed as (

    select
        period,
        user_id,
        metric_name,
        account_id,
        source_table,
        source_id,
        occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        amount,
        null as base,
        null as seen
    from money

    union all

    select
        period,
        user_id,
        metric_name,
        account_id,
        source_table,
        source_id,
        occurred_at,
        null as rule,
        null as credit_table,
        null as credit_id,
        weight,
        amount,
        base,
        seen
    from customer_figures

),

final as (

    select
        period,
        user_id,
        metric_name,
        account_id,
        source_table,
        source_id,
        occurred_at,
        rule,
        credit_table,
        credit_id,
        weight,
        cast(amount as {{ score_type() }}) as amount,
        cast(base as {{ score_type() }}) as base,
        weight * amount as numerator,
        weight * base as denominator,
        weight * seen as seen
    from weighed

    union all

    -- a customer's answers are one mean, and every customer counts alike
    select
        customers.period,
        customers.user_id,
        'satisfaction' as metric_name,
        customers.account_id,
        'marts.fct_survey_responses' as source_table,
        responses.response_id as source_id,
        responses.responded_at as occurred_at,
        null as rule,
        null as credit_table,
        null as credit_id,
        cast(1 as {{ weight_type() }}) as weight,
        responses.score_unit as amount,
        cast(1 as {{ score_type() }}) as base,
        cast(responses.score_unit as {{ contribution_type() }}) as numerator,
        cast(1 as {{ contribution_type() }}) as denominator,
        null as seen
    from customers
    inner join responses
        on customers.account_id = responses.account_id and customers.period = responses.month

)

select * from final
