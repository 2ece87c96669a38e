with

persons as (

    select * from {{ ref('int_usage_days__persons') }}

),

final as (

    select
        account_id,
        used_on,
        count(case when is_active then 1 end) as active_users,
        cast(sum(value_events) as decimal(38, 0)) as value_events
    from persons
    group by account_id, used_on

)

select * from final
