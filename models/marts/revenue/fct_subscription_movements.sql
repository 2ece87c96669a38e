with

family_months as (

    select * from {{ ref('int_subscriptions__family_months') }}

),

month_ends as (

    select * from {{ ref('int_subscriptions__month_ends') }}

),

account_months as (

    select
        account_id,
        month,
        sum(starting_mrr) as starting_mrr,
        sum(mrr) as mrr
    from family_months
    group by account_id, month

),

histories as (

    select
        *,
        coalesce(max(mrr) over (
            partition by account_id
            order by month
            rows between unbounded preceding and 1 preceding
        ), 0) > 0 as had_mrr_before
    from account_months

),

endings as (

    select
        account_id,
        cast({{ dbt.dateadd('month', 1, 'month') }} as date) as month,
        count(*) = count(case when is_involuntary then 1 end) as is_involuntary
    from month_ends
    where is_ended_next_month
    group by account_id, month

),

final as (

    select
        family_months.account_id,
        family_months.product_family,
        family_months.month,
        case
            when family_months.starting_mrr = 0 and not histories.had_mrr_before then 'new'
            when family_months.starting_mrr = 0 and histories.starting_mrr = 0 then 'reactivation'
            when family_months.starting_mrr = 0 then 'cross_sell'
            when family_months.mrr > family_months.starting_mrr and family_months.is_grown then 'up_sell'
            when family_months.mrr > family_months.starting_mrr then 'uplift'
            when histories.mrr > 0 then 'contraction'
            when endings.is_involuntary then 'churn_involuntary'
            else 'churn'
        end as movement,
        family_months.mrr - family_months.starting_mrr as mrr_change
    from family_months
    inner join histories
        on
            family_months.account_id = histories.account_id
            and family_months.month = histories.month
    left join endings
        on
            family_months.account_id = endings.account_id
            and family_months.month = endings.month
    where family_months.mrr <> family_months.starting_mrr

)

select * from final
