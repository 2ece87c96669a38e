with

ledger_adjustments as (

    select * from {{ ref('ledger_adjustments') }}

),

pending as (

    select * from {{ ref('comp_pending_adjustments') }}

),

new_closes as (

    select * from {{ ref('comp_new_closes') }}

),

adjustments as (

    select
        {{ adjustment_columns() | join(',\n        ') }},
        true as is_closed
    from ledger_adjustments

    union all

    select
        {{ dbt.concat([
            "cast(pending.period as " ~ dbt.type_string() ~ ")",
            "':'",
            "cast(pending.original_period as " ~ dbt.type_string() ~ ")",
            "':'",
            "pending.user_id",
            "':'",
            "coalesce('dispute:' || pending.dispute_id, pending.plan_id || ':' || pending.plan_version "
            "|| ':' || pending.metric_name)",
        ]) }} as adjustment_id,
        pending.period,
        pending.original_period,
        pending.user_id,
        pending.plan_id,
        pending.plan_version,
        pending.metric_name,
        pending.dispute_id,
        pending.amount,
        pending.reason,
        new_closes.period is not null as is_closed
    from pending
    left join new_closes
        on pending.period = new_closes.period

),

final as (

    select
        {{ adjustment_columns() | join(',\n        ') }},
        is_closed
    from adjustments

)

select * from final
