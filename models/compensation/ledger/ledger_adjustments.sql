with

adjustments as (

    select * from {{ source('ledger', 'adjustments') }}

),

closes as (

    select * from {{ ref('ledger_closes') }}

),

former as (

    select * from {{ ref('former_metric_names') }}

),

-- A ledger that an earlier version of the project wrote has the metric names of that version.
final as (

    select
        {{ renamed_adjustment_id('adjustments', 'former.metric_name') }} as adjustment_id,
        adjustments.period,
        adjustments.original_period,
        adjustments.user_id,
        adjustments.plan_id,
        adjustments.plan_version,
        coalesce(former.metric_name, adjustments.metric_name) as metric_name,
        adjustments.dispute_id,
        adjustments.amount,
        adjustments.reason
    from adjustments
    inner join closes
        on adjustments.period = closes.period and adjustments.copy_name = closes.copy_name
    left join former
        on adjustments.metric_name = former.former_name

)

select * from final
