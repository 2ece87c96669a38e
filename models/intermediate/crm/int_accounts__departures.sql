with

subscriptions as (

    {{ accepted_rows(ref('int_subscriptions__resolved')) }}

),

transactions as (

    select * from {{ ref('int_transactions__counted') }}

),

-- of the lines that have started by today; a plan to end later is no end yet
subscribers as (

    select
        account_id,
        max(ended_on) as latest_ended_on,
        count(case when ended_on is null or ended_on > {{ local_day(as_of()) }} then 1 end) as running_lines
    from subscriptions
    where started_on <= {{ local_day(as_of()) }}
    group by account_id

),

buyers as (

    select
        account_id,
        max(transacted_at) as last_charge_at
    from transactions
    where is_charge
    group by account_id

),

-- who has no subscription leaves without saying so
departures as (

    select
        account_id,
        cast(latest_ended_on as {{ dbt.type_timestamp() }}) as left_at,
        false as is_inferred
    from subscribers
    where running_lines = 0

    union all

    select
        buyers.account_id,
        {{ dbt.dateadd('day', var('inactive_after_days'), 'buyers.last_charge_at') }} as left_at,
        true as is_inferred
    from buyers
    left join subscribers
        on buyers.account_id = subscribers.account_id
    where
        subscribers.account_id is null
        and {{ dbt.dateadd('day', var('inactive_after_days'), 'buyers.last_charge_at') }} <= {{ as_of() }}

),

final as (

    select
        account_id,
        left_at,
        is_inferred
    from departures

)

select * from final
