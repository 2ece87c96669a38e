{{ config(materialized='view') }}

with

subscriptions as (

    {{ accepted_rows(ref('int_subscriptions__resolved')) }}

),

-- a line that ended while no other of the account ran on
final as (

    select distinct
        ended.account_id,
        ended.ended_on as churned_on
    from subscriptions as ended
    left join subscriptions as running
        on
            ended.account_id = running.account_id
            and ended.ended_on >= running.started_on
            and (running.ended_on is null or ended.ended_on < running.ended_on)
    where
        ended.ended_on <= cast({{ as_of() }} as date)
        and running.account_id is null

)

select * from final
