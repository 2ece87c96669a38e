{%- set weight_type = 'decimal(38, 12)' -%}
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

-- two share as the first and the last do; of more, those between share the middle equally
shares as (

    select
        candidates.*,
        attribution_models.attribution_model,
        case
            when attribution_models.attribution_model = 'linear'
                then 1.0 / candidates.candidate_count
            when candidates.candidate_rank = 1 and candidates.candidate_count = 2
                then attribution_models.first_share / (attribution_models.first_share + attribution_models.last_share)
            when candidates.candidate_rank = 1 then attribution_models.first_share
            else attribution_models.middle_share / nullif(candidates.candidate_count - 2, 0)
        end as exact_share
    from candidates
    cross join attribution_models

),

-- the last takes what rounding leaves
weights as (

    select
        *,
        cast(case
            when candidate_rank < candidate_count then exact_share
            else 0
        end as {{ weight_type }}) as rounded_share
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
        cast(case
            when candidate_rank < candidate_count then rounded_share
            else 1 - sum(rounded_share) over (partition by account_id, attribution_model)
        end as {{ weight_type }}) as weight
    from weights

    union all

    select
        customers.account_id,
        attribution_models.attribution_model,
        1 as candidate_rank,
        'unattributed' as campaign_id,
        'unattributed' as rule,
        null as source_id,
        null as occurred_at,
        cast(1 as {{ weight_type }}) as weight
    from customers
    cross join attribution_models
    left join candidates
        on customers.account_id = candidates.account_id and candidates.candidate_rank = 1
    where candidates.account_id is null

)

select * from final
