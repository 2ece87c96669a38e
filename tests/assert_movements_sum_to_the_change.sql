-- Guards M1 in docs/metrics.md: for every account and month the movements sum to the change of its MRR, and each month
-- starts with the MRR with which the month before ended.
with

subscription_months as (

    select
        account_id,
        month,
        sum(starting_mrr) as starting_mrr,
        sum(mrr) as mrr
    from {{ ref('subscription_months') }}
    group by account_id, month

),

movements as (

    select
        account_id,
        month,
        sum(mrr_change) as mrr_change
    from {{ ref('fct_subscription_movements') }}
    group by account_id, month

),

final as (

    select
        subscription_months.account_id,
        subscription_months.month,
        subscription_months.mrr - subscription_months.starting_mrr as expected,
        coalesce(movements.mrr_change, 0) as found
    from subscription_months
    left join movements
        on
            subscription_months.account_id = movements.account_id
            and subscription_months.month = movements.month
    left join subscription_months as earlier
        on
            subscription_months.account_id = earlier.account_id
            and earlier.month = {{ dbt.dateadd('month', -1, 'subscription_months.month') }}
    where
        subscription_months.mrr - subscription_months.starting_mrr <> coalesce(movements.mrr_change, 0)
        or subscription_months.starting_mrr <> coalesce(earlier.mrr, 0)

)

select * from final
