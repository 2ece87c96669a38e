with

flags as (

    select * from {{ ref('flag_selective_invitations') }}

    union all

    select * from {{ ref('flag_reassigned_before_bad_rating') }}

    union all

    select * from {{ ref('flag_quick_answers') }}

    union all

    select * from {{ ref('flag_period_end_bursts') }}

    union all

    select * from {{ ref('flag_funnel_outliers') }}

    union all

    select * from {{ ref('flag_ratings_up_customers_down') }}

),

final as (

    select
        flag_id,
        flag_type,
        user_id,
        month,
        evidence,
        raised_at
    from flags

)

select * from final
