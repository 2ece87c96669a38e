with

customers as (

    select
        account_id,
        acquired_at
    from {{ ref('dim_customers') }}
    where is_customer

),

touch_points as (

    select * from {{ ref('int_accounts__touch_points') }}

),

attribution_models as (

    select * from {{ ref('attribution_models') }}

),

candidates as (

    select
        customers.account_id,
        touch_points.rule,
        touch_points.source_id,
        touch_points.occurred_at,
        touch_points.campaign_id,
        row_number() over (
            partition by customers.account_id
            order by touch_points.occurred_at, touch_points.rule, touch_points.source_id
        ) as candidate_rank,
        count(*) over (partition by customers.account_id) as candidate_count
    from customers
    inner join touch_points
        on
            customers.account_id = touch_points.account_id
            and customers.acquired_at > touch_points.occurred_at
            and {{ dbt.dateadd('day', -var('attribution_window_days'), 'customers.acquired_at') }}
            <= touch_points.occurred_at

),

-- two candidates have no middle: they share in the ratio of the first and the last share, or equally if both are 0;
-- of three or more, the candidates in between share the middle share equally
shares as (

    select
        candidates.*,
        attribution_models.attribution_model,
        case
            when attribution_models.attribution_model = 'linear'
                then 1.0 / candidates.candidate_count
            when candidates.candidate_rank = 1 and candidates.candidate_count = 2
                then coalesce(
                    attribution_models.first_share
                    / nullif(attribution_models.first_share + attribution_models.last_share, 0),
                    0.5
                )
            when candidates.candidate_rank = 1 then attribution_models.first_share
            else attribution_models.middle_share / nullif(candidates.candidate_count - 2, 0)
        end as exact_share
    from candidates
    cross join attribution_models

),

-- cumulative shares, so that the weights sum to exactly 1: the last candidate takes the remainder of the rounding; the
-- cap of 1 keeps shares that were rounded up from exceeding the whole if the last candidate has no share
running as (

    select
        *,
        case
            when candidate_rank = candidate_count then 1
            else least(1, sum(cast(exact_share as {{ share_type() }})) over (
                partition by account_id, attribution_model
                order by candidate_rank
                rows between unbounded preceding and current row
            ))
        end as share_so_far
    from shares

),

final as (

    select
        account_id,
        attribution_model,
        candidate_rank,
        campaign_id,
        rule,
        source_id,
        occurred_at,
        cast(share_so_far - lag(share_so_far, 1, 0) over (
            partition by account_id, attribution_model
            order by candidate_rank
        ) as {{ share_type() }}) as weight
    from running

    union all

    select
        customers.account_id,
        attribution_models.attribution_model,
        1 as candidate_rank,
        'unattributed' as campaign_id,
        'unattributed' as rule,
        null as source_id,
        null as occurred_at,
        cast(1 as {{ share_type() }}) as weight
    from customers
    cross join attribution_models
    left join candidates
        on customers.account_id = candidates.account_id and candidates.candidate_rank = 1
    where candidates.account_id is null

)

select * from final
