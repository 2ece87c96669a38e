{{ config(materialized='view') }}

with

due_touches as (

    select * from {{ ref('fct_touches') }}
    where is_rating_due

),

final as (

    select
        'rating_compliance' as metric_name,
        'marts.fct_touches' as source_table,
        touch_id as source_id,
        account_id,
        user_id,
        {{ local_month('occurred_at') }} as month,
        occurred_at,
        case when is_rating_invited_in_time then 1 else 0 end as amount,
        {{ rating_window_end('occurred_at') }} <= {{ as_of() }} as is_decided
    from due_touches

)

select * from final
