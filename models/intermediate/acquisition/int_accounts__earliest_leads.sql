{{ config(materialized='view') }}

with

leads as (

    {{ accepted_rows(ref('rec_leads')) }} and surviving_id = lead_id and account_id is not null

),

ranked as (

    select
        account_id,
        lead_id,
        campaign_id,
        channel,
        owner_user_id,
        row_number() over (partition by account_id order by created_at, lead_id) as lead_number
    from leads

),

final as (

    select
        account_id,
        lead_id,
        campaign_id,
        channel,
        owner_user_id
    from ranked
    where lead_number = 1

)

select * from final
