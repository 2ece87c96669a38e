with

stays as (

    select * from {{ ref('int_accounts__stays') }}
    where stays_from <= {{ as_of() }}

),

-- A subscriber churns when its last subscription line ends, whatever it was charged; any other account churns by
-- inactivity.
ranked as (

    select
        account_id,
        stays_until,
        left_at,
        not is_subscribed as is_inferred,
        row_number() over (
            partition by account_id
            order by is_subscribed desc, stays_until desc nulls first, stays_from desc
        ) as stay_number
    from stays

),

final as (

    select
        account_id,
        left_at,
        is_inferred
    from ranked
    where stay_number = 1 and stays_until <= {{ as_of() }}

)

select * from final
