with

closed_lines as (

    select * from {{ source('ledger', 'closed_lines') }}

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
        closed_lines.period,
        closed_lines.user_id,
        closed_lines.team,
        closed_lines.plan_id,
        closed_lines.plan_version,
        coalesce(former.metric_name, closed_lines.metric_name) as metric_name,
        closed_lines.payable_value,
        closed_lines.weight,
        closed_lines.threshold,
        closed_lines.target,
        closed_lines.cap,
        closed_lines.accelerated_rate,
        closed_lines.attainment,
        closed_lines.proration,
        closed_lines.target_pay,
        closed_lines.payout
    from closed_lines
    inner join closes
        on closed_lines.period = closes.period and closed_lines.copy_name = closes.copy_name
    left join former
        on closed_lines.metric_name = former.former_name

)

select * from final
