with

statistics as (

    select * from {{ ref('int_customers__purchase_statistics') }}

),

forecasts as (

    select * from {{ ref('int_customers__forecast') }}

),

final as (

    select
        statistics.account_id,
        forecasts.model,
        statistics.frequency,
        {{ rate_quotient('statistics.recency_days', '7') }} as recency_weeks,
        {{ rate_quotient('statistics.age_days', '7') }} as age_weeks,
        forecasts.p_alive,
        forecasts.expected_purchases,
        forecasts.discounted_purchases,
        forecasts.expected_spend,
        cast(forecasts.forecast_value as {{ money_type() }}) as forecast_value,
        forecasts.reason
    from statistics
    inner join forecasts
        on statistics.account_id = forecasts.account_id

)

select * from final
