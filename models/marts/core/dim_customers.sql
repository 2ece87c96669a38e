with

accounts as (

    select * from {{ ref('int_accounts__resolved') }}
    where
        row_state = 'accepted'
        and account_id = surviving_id

),

leads as (

    select * from {{ ref('fct_leads') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

acquisitions as (

    select
        account_id,
        min(transacted_at) as acquired_at
    from transactions
    where transaction_type = 'charge'
    group by account_id

),

ranked_leads as (

    select
        account_id,
        campaign_id,
        channel,
        row_number() over (partition by account_id order by created_at, lead_id) as lead_number
    from leads
    where account_id is not null

),

final as (

    select
        accounts.account_id,
        accounts.account_type,
        accounts.parent_account_id,
        accounts.segment,
        accounts.industry,
        accounts.country_code,
        accounts.created_at,
        acquisitions.acquired_at,
        acquisitions.acquired_at is not null as is_customer,
        earliest_leads.campaign_id as acquisition_campaign_id,
        earliest_leads.channel as acquisition_channel
    from accounts
    left join acquisitions
        on accounts.account_id = acquisitions.account_id
    left join ranked_leads as earliest_leads
        on accounts.account_id = earliest_leads.account_id and earliest_leads.lead_number = 1

)

select * from final
