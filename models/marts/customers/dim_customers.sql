with

accounts as (

    select * from {{ ref('rec_accounts') }}
    where
        row_state = 'accepted'
        and account_id = surviving_id

),

earliest_leads as (

    select * from {{ ref('int_accounts__earliest_leads') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

acquisitions as (

    select
        account_id,
        min(transacted_at) as acquired_at
    from transactions
    where is_charge
    group by account_id

),

final as (

    select
        accounts.account_id,
        case when {{ var('publish_business_names') }} then accounts.public_account_name end as account_name,
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
    left join earliest_leads
        on accounts.account_id = earliest_leads.account_id

)

select * from final
