with

customers as (

    select * from {{ ref('dim_customers') }}
    where is_customer

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

satisfaction as (

    select * from {{ ref('int_customers__satisfaction') }}

),

time_to_value as (

    select * from {{ ref('time_to_value') }}

),

departures as (

    select * from {{ ref('int_accounts__departures') }}

),

success as (

    select * from {{ ref('customer_success') }}

),

forecasts as (

    select * from {{ ref('customer_forecasts') }}

),

recommend_requests as (

    select * from {{ ref('customer_recommend_requests') }}

),

recommenders as (

    select distinct referrer_account_id as account_id
    from {{ ref('fct_referrals') }}
    where realised_at is not null

),

lifetimes as (

    select
        account_id,
        sum(reporting_amount) as cltv,
        sum(case when is_charge then reporting_amount else 0 end) as gross_amount,
        sum(case when is_charge then 0 else reporting_amount end) as reversed_amount,
        count(case when is_charge then 1 end) as transaction_count,
        count(distinct case when is_charge then transacted_on end) as purchase_days,
        max(case when is_charge then transacted_at end) as last_charge_at,
        sum(case when movement = 'cross_sell' then expansion_amount else 0 end) as cross_sell_expansion,
        sum(case when movement = 'up_sell' then expansion_amount else 0 end) as up_sell_expansion
    from transactions
    group by account_id

),

final as (

    select
        lifetimes.account_id,
        lifetimes.cltv,
        lifetimes.gross_amount,
        lifetimes.reversed_amount,
        lifetimes.transaction_count,
        lifetimes.purchase_days,
        customers.acquired_at as first_charge_at,
        lifetimes.last_charge_at,
        lifetimes.cross_sell_expansion,
        lifetimes.up_sell_expansion,
        cast(1 + 9 * satisfaction.csat_unit as {{ score_type() }}) as csat_1_10,
        satisfaction.csat_unit is not null as is_csat_reported,
        {{ ppp('satisfaction.csat_unit', 'lifetimes.cltv') }} as ppp,
        satisfaction.nps_latest,
        case
            when recommend_requests.account_id is not null then coalesce(satisfaction.is_recommend_stated, false)
        end as is_recommend_stated,
        recommenders.account_id is not null as is_recommend_realised,
        time_to_value.time_to_value_days,
        time_to_value.time_to_value_days is not null as is_value_reached,
        success.outcome_score,
        success.experience_score,
        success.success_score,
        success.quadrant,
        departures.account_id is not null as is_churned,
        coalesce(departures.is_inferred, false) as is_churn_inferred,
        departures.left_at,
        forecasts.forecast_value
    from lifetimes
    inner join customers
        on lifetimes.account_id = customers.account_id
    left join satisfaction
        on lifetimes.account_id = satisfaction.account_id
    left join recommend_requests
        on lifetimes.account_id = recommend_requests.account_id
    left join recommenders
        on lifetimes.account_id = recommenders.account_id
    left join time_to_value
        on lifetimes.account_id = time_to_value.account_id
    left join success
        on lifetimes.account_id = success.account_id
    left join departures
        on lifetimes.account_id = departures.account_id
    left join forecasts
        on lifetimes.account_id = forecasts.account_id

)

select * from final
