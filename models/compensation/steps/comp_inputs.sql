with

payees as (

    select * from {{ ref('comp_payees') }}

),

metrics as (

    {% for metric_name in pay_sums() + pay_rates() -%}
    select
        '{{ metric_name }}' as metric_name,
        {{ metric_name in pay_sums() }} as is_sum
    {% if not loop.last %}union all
    {% endif -%}
    {% endfor %}

),

money as (

    select * from {{ ref('comp_money_metrics') }}

),

customers as (

    select * from {{ ref('comp_customer_metrics') }}

),

ratings as (

    select * from {{ ref('comp_payee_ratings') }}

),

asked as (

    select
        payees.scenario,
        payees.period,
        payees.user_id,
        payees.team,
        metrics.metric_name,
        metrics.is_sum
    from payees
    cross join metrics

),

-- a sum of nothing is 0, a rate of nothing is none
figures as (

    select
        asked.*,
        case
            when asked.is_sum then coalesce(money.numerator, customers.numerator, 0)
            else coalesce(customers.numerator, ratings.numerator)
        end as numerator,
        coalesce(customers.denominator, ratings.denominator) as denominator,
        coalesce(money.n_customers, customers.n_customers, ratings.n_customers, 0) as n_customers,
        ratings.raw_mean,
        ratings.credibility,
        ratings.payable_score,
        coalesce(customers.coverage, ratings.coverage) as coverage,
        ratings.is_payable
    from asked
    left join money
        on
            asked.period = money.period
            and asked.user_id = money.user_id
            and asked.metric_name = money.metric_name
    left join customers
        on
            asked.period = customers.period
            and asked.user_id = customers.user_id
            and asked.metric_name = customers.metric_name
    left join ratings
        on
            asked.scenario = ratings.scenario
            and asked.period = ratings.period
            and asked.user_id = ratings.user_id
            and asked.metric_name = 'satisfaction'

),

final as (

    select
        scenario,
        period,
        user_id,
        team,
        metric_name,
        cast(numerator as decimal(38, 15)) as numerator,
        cast(denominator as decimal(38, 15)) as denominator,
        n_customers,
        case
            when is_sum then cast(numerator as decimal(38, 15))
            when metric_name = 'satisfaction' then raw_mean
            else {{ score_quotient('numerator', 'denominator') }}
        end as raw_value,
        credibility,
        case
            when is_sum then cast(numerator as decimal(38, 15))
            when metric_name = 'satisfaction' then cast(payable_score as {{ score_type() }})
            when metric_name = 'ppp_yield' and {{ rate_quotient('numerator', 'denominator') }} < 0 then 0
            else {{ score_quotient('numerator', 'denominator') }}
        end as payable_value,
        coverage,
        coalesce(is_payable, is_sum or denominator <> 0, false) as is_payable
    from figures

)

select * from final
