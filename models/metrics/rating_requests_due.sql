with

touches as (

    select * from {{ ref('fct_touches') }}

),

final as (

    select
        touch_id,
        contact_id,
        account_id,
        user_id,
        occurred_at as due_at,
        due_reason as reason
    from touches
    where
        is_rating_due
        and not is_rating_invited
        and {{ rating_window_end('occurred_at') }} > {{ as_of() }}

)

select * from final
