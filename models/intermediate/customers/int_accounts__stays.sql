with

subscriptions as (

    {{ accepted_rows(ref('rec_subscriptions')) }}

),

charges as (

    select
        account_id,
        transacted_at,
        lead(transacted_at) over (partition by account_id order by transacted_at, transaction_id) as next_charge_at,
        {{ dbt.dateadd('day', var('inactive_after_days'), 'transacted_at') }} as inactive_at
    from {{ ref('int_transactions__counted') }}
    where is_charge

),

first_subscriptions as (

    select
        account_id,
        {{ utc_midnight('min(started_on)') }} as subscribed_at
    from subscriptions
    group by account_id

),

-- From its first subscription line on, an account is judged by its lines alone, so a charge is no stay beyond that
-- moment.
final as (

    select
        account_id,
        {{ utc_midnight('started_on') }} as stays_from,
        {{ utc_midnight('ended_on') }} as stays_until,
        cast(ended_on as {{ dbt.type_timestamp() }}) as left_at,
        true as is_subscribed
    from subscriptions

    union all

    select
        charges.account_id,
        charges.transacted_at as stays_from,
        least(charges.next_charge_at, first_subscriptions.subscribed_at, charges.inactive_at) as stays_until,
        charges.inactive_at as left_at,
        false as is_subscribed
    from charges
    left join first_subscriptions
        on charges.account_id = first_subscriptions.account_id

)

select * from final
