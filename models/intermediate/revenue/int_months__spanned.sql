with

transactions as (

    select * from {{ ref('int_transactions__counted') }}

),

subscriptions as (

    {{ accepted_rows(ref('rec_subscriptions')) }}

),

first_transactions as (

    select {{ local_month('min(transacted_at)') }} as first_month
    from transactions

),

first_subscriptions as (

    select cast({{ dbt.date_trunc('month', 'min(started_on)') }} as date) as first_month
    from subscriptions

),

beginnings as (

    select least(first_transactions.first_month, first_subscriptions.first_month) as first_month
    from first_transactions
    cross join first_subscriptions

),

months as (

    {{ date_series('(select first_month from beginnings)', local_month(as_of()), 'month') }}

),

final as (

    select
        series_on as month,
        cast({{ dbt.dateadd('month', 1, 'series_on') }} as date) as next_month,
        {{ month_end('series_on') }} as ends_on,
        {{ last_moment('series_on') }} as known_at
    from months

)

select * from final
