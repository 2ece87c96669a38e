{{ config(access='protected', contract={'enforced': false}) }}

with

subscriptions as (

    {{ accepted_rows(ref('int_subscriptions__resolved')) }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}
    where transaction_type = 'charge'

),

customer_months as (

    select
        account_id,
        month,
        {{ last_moment('month') }} as known_at
    from {{ ref('customer_months') }}

),

first_subscriptions as (

    select
        account_id,
        {{ utc_midnight('min(started_on)') }} as subscribed_at
    from subscriptions
    group by account_id

),

charges as (

    select
        account_id,
        transacted_at,
        lead(transacted_at) over (partition by account_id order by transacted_at, transaction_id) as next_charge_at
    from transactions

),

-- a charge keeps a customer for a time, a subscription as long as it runs; a subscriber is no longer judged by charges
stays as (

    select
        charges.account_id,
        charges.transacted_at as stays_from,
        least(
            charges.next_charge_at,
            first_subscriptions.subscribed_at,
            {{ dbt.dateadd('day', var('inactive_after_days'), 'charges.transacted_at') }}
        ) as stays_until
    from charges
    left join first_subscriptions
        on charges.account_id = first_subscriptions.account_id

    union all

    select
        account_id,
        {{ utc_midnight('started_on') }} as stays_from,
        {{ utc_midnight('ended_on') }} as stays_until
    from subscriptions

),

stayed as (

    select distinct
        customer_months.account_id,
        customer_months.month
    from customer_months
    inner join stays
        on
            customer_months.account_id = stays.account_id
            and customer_months.known_at >= stays.stays_from
            and (stays.stays_until is null or customer_months.known_at < stays.stays_until)

),

final as (

    select
        customer_months.account_id,
        customer_months.month,
        stayed.account_id is null as has_left,
        coalesce(lag(stayed.account_id is not null) over (
            partition by customer_months.account_id
            order by customer_months.month
        ), false) as is_customer_at_start
    from customer_months
    left join stayed
        on customer_months.account_id = stayed.account_id and customer_months.month = stayed.month

)

select * from final
