with

attributions as (

    select * from {{ ref('customer_attribution') }}
    where attribution_model = '{{ var("credit_attribution_model") }}'

),

campaigns as (

    select * from {{ ref('dim_campaigns') }}

),

earliest_leads as (

    select * from {{ ref('int_accounts__earliest_leads') }}

),

employees as (

    select * from {{ ref('dim_employees') }}

),

-- one candidate for each campaign that an employee owns
campaign_owners as (

    select
        attributions.account_id,
        attributions.campaign_id,
        campaigns.owner_user_id,
        sum(attributions.weight) as weight
    from attributions
    inner join campaigns
        on attributions.campaign_id = campaigns.campaign_id
    inner join employees
        on campaigns.owner_user_id = employees.user_id
    group by attributions.account_id, attributions.campaign_id, campaigns.owner_user_id

),

owned as (

    select
        account_id,
        sum(weight) as weight
    from campaign_owners
    group by account_id

),

final as (

    select
        account_id,
        {{ beginning_of_time() }} as valid_from,
        1 as rule_number,
        'campaign_owner' as rule,
        row_number() over (partition by account_id order by campaign_id) as candidate_rank,
        owner_user_id as user_id,
        weight,
        'crm.campaigns' as source_table,
        campaign_id as source_id
    from campaign_owners

    union all

    -- the owner of the earliest lead has the share that no campaign owner has
    select
        earliest_leads.account_id,
        {{ beginning_of_time() }} as valid_from,
        2 as rule_number,
        'lead_owner' as rule,
        1 as candidate_rank,
        earliest_leads.owner_user_id as user_id,
        1 - coalesce(owned.weight, 0) as weight,
        'crm.leads' as source_table,
        earliest_leads.lead_id as source_id
    from earliest_leads
    inner join employees
        on earliest_leads.owner_user_id = employees.user_id
    left join owned
        on earliest_leads.account_id = owned.account_id

)

select * from final
