with

subscription_months as (

    select * from {{ ref('subscription_months') }}

),

customers as (

    select
        account_id,
        {{ segment_name('segment') }} as segment
    from {{ ref('dim_customers') }}

),

account_months as (

    select
        account_id,
        month,
        sum(starting_mrr) as starting_mrr,
        sum(mrr) as mrr
    from subscription_months
    group by account_id, month
    having sum(starting_mrr) > 0

),

segmented as (

    select
        account_months.*,
        'all' as segment
    from account_months

    union all

    select
        account_months.*,
        customers.segment
    from account_months
    inner join customers
        on account_months.account_id = customers.account_id

),

totals as (

    select
        month,
        segment,
        count(*) as accounts,
        sum(starting_mrr) as starting_mrr,
        sum(least(starting_mrr, mrr)) as retained_mrr,
        sum(mrr) as ending_mrr
    from segmented
    group by month, segment

),

final as (

    select
        month,
        segment,
        accounts,
        starting_mrr,
        retained_mrr,
        ending_mrr,
        {{ rate_quotient('retained_mrr', 'starting_mrr') }} as gross_retention,
        {{ rate_quotient('ending_mrr', 'starting_mrr') }} as net_retention
    from totals

)

select * from final
