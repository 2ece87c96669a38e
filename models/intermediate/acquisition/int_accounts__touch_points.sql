{{ config(materialized='view') }}

with

touches as (

    {{ accepted_rows(ref('rec_touches')) }}

),

touched_accounts as (

    select * from {{ ref('int_touches__accounts') }}

),

leads as (

    {{ accepted_rows(ref('rec_leads')) }} and surviving_id = lead_id

),

opportunities as (

    {{ accepted_rows(ref('rec_opportunities')) }} and surviving_id = opportunity_id

),

final as (

    select
        touched_accounts.account_id,
        'touch' as rule,
        touches.touch_id as source_id,
        touches.occurred_at,
        touches.campaign_id
    from touches
    inner join touched_accounts
        on touches.touch_id = touched_accounts.touch_id
    where touches.campaign_id is not null

    union all

    select
        account_id,
        'lead' as rule,
        lead_id as source_id,
        created_at as occurred_at,
        campaign_id
    from leads
    where
        account_id is not null
        and campaign_id is not null

    union all

    select
        account_id,
        'opportunity' as rule,
        opportunity_id as source_id,
        created_at as occurred_at,
        campaign_id
    from opportunities
    where
        created_at is not null
        and campaign_id is not null

)

select * from final
