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

sums as (

    select * from {{ ref('comp_figures') }}

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
            when asked.is_sum then coalesce(sums.numerator, 0)
            else coalesce(sums.numerator, ratings.numerator)
        end as numerator,
        coalesce(sums.denominator, ratings.denominator) as denominator,
        coalesce(sums.n_customers, ratings.n_customers, 0) as n_customers,
        ratings.raw_mean,
        ratings.credibility,
        ratings.payable_score,
        coalesce(sums.coverage, ratings.coverage) as coverage,
        ratings.is_payable
    from asked
    left join sums
        on
            asked.period = sums.period
            and asked.user_id = sums.user_id
            and asked.metric_name = sums.metric_name
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
            when metric_name = 'ppp_yield' and denominator <> 0 and least(numerator, denominator) < 0 then 0
            else {{ score_quotient('numerator', 'denominator') }}
        end as payable_value,
        coverage,
        coalesce(is_payable, is_sum or denominator <> 0, false) as is_payable
    from figures

)

select * from final
