{#- A charge of 0 is a purchase here, unlike in the marts, so is_charge of other models is not read.
    The transactions are read again in each place: DuckDB keeps a CTE that is read more than once in memory, which
    takes three times as much. -#}
{%- set transactions = ref('int_transactions__counted') -%}
{%- set today = local_day(as_of()) -%}
with

-- The holdout is the last third of the days since the first charge of any customer.
holdout as (

    select
        {{ divide_whole(dbt.datediff(local_day('min(transacted_at)'), today, 'day'), 3) }} as holdout_days
    from {{ transactions }}
    where transaction_type = 'charge'

),

cut as (

    select
        holdout_days,
        cast({{ dbt.dateadd('day', '-holdout_days', today) }} as date) as cut_on
    from holdout

),

charged as (

    select
        account_id,
        {{ local_day('transacted_at') }} as purchased_on,
        sum(reporting_amount) as charged_amount
    from {{ transactions }}
    where transaction_type = 'charge'
    group by account_id, {{ local_day('transacted_at') }}

),

-- A reversal reduces the spend of the day of its charge. It may come after the cut: the calibration knows only the
-- reversals up to the cut.
given_back as (

    select
        charges.account_id,
        {{ local_day('charges.transacted_at') }} as purchased_on,
        sum(reversals.reporting_amount) as given_back_amount,
        sum(
            case
                when {{ local_day('reversals.transacted_at') }} <= cut.cut_on then reversals.reporting_amount
                else 0
            end
        ) as calibration_given_back_amount
    from {{ transactions }} as reversals
    inner join {{ transactions }} as charges
        on reversals.original_transaction_id = charges.transaction_id
    cross join cut
    where
        charges.transaction_type = 'charge'
        and reversals.transaction_type <> 'charge'
    group by charges.account_id, {{ local_day('charges.transacted_at') }}

),

purchase_days as (

    select
        charged.account_id,
        charged.purchased_on,
        cut.holdout_days,
        cut.cut_on,
        charged.purchased_on <= cut.cut_on as is_calibration,
        greatest(charged.charged_amount - coalesce(given_back.given_back_amount, 0), 0) as spend_amount,
        greatest(
            charged.charged_amount - coalesce(given_back.calibration_given_back_amount, 0), 0
        ) as calibration_spend_amount
    from charged
    cross join cut
    left join given_back
        on
            charged.account_id = given_back.account_id
            and charged.purchased_on = given_back.purchased_on

),

totals as (

    select
        account_id,
        min(holdout_days) as holdout_days,
        min(cut_on) as cut_on,
        min(purchased_on) as first_on,
        max(purchased_on) as last_on,
        max(case when is_calibration then purchased_on end) as calibration_last_on,
        count(*) as purchase_days,
        count(case when is_calibration then 1 end) as calibration_purchase_days,
        {{ first_by('spend_amount', ['purchased_on']) }} as first_spend_amount,
        {{ first_by('calibration_spend_amount', ['purchased_on']) }} as calibration_first_spend_amount,
        count(case when spend_amount > 0 then 1 end) as spend_days,
        sum(spend_amount) as spend_amount,
        count(case when is_calibration and calibration_spend_amount > 0 then 1 end) as calibration_spend_days,
        sum(case when is_calibration then calibration_spend_amount else 0 end) as calibration_spend_amount,
        count(case when not is_calibration and spend_amount > 0 then 1 end) as holdout_spend_days,
        sum(case when is_calibration then 0 else spend_amount end) as holdout_spend_amount
    from purchase_days
    group by account_id

),

-- A customer whose first charge came after the cut has no calibration.
known as (

    select
        *,
        first_on <= cut_on as is_known_at_cut
    from totals

),

-- The first purchase day is left out: the models forecast repeat purchase days and their spend.
final as (

    select
        account_id,
        purchase_days - 1 as frequency,
        {{ dbt.datediff('first_on', 'last_on', 'day') }} as recency_days,
        {{ dbt.datediff('first_on', today, 'day') }} as age_days,
        spend_days - case when first_spend_amount > 0 then 1 else 0 end as spend_days,
        spend_amount - first_spend_amount as spend_amount,
        case when is_known_at_cut then calibration_purchase_days - 1 end as calibration_frequency,
        {{ dbt.datediff('first_on', 'calibration_last_on', 'day') }} as calibration_recency_days,
        case when is_known_at_cut then {{ dbt.datediff('first_on', 'cut_on', 'day') }} end as calibration_age_days,
        calibration_spend_days
        - case when is_known_at_cut and calibration_first_spend_amount > 0 then 1 else 0 end as calibration_spend_days,
        calibration_spend_amount
        - case when is_known_at_cut then calibration_first_spend_amount else 0 end as calibration_spend_amount,
        holdout_days,
        purchase_days - calibration_purchase_days as holdout_purchase_days,
        holdout_spend_days,
        holdout_spend_amount
    from known

)

select * from final
