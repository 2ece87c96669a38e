with

opportunities as (

    {{ accepted_rows(ref('rec_opportunities')) }} and surviving_id = opportunity_id

),

owners_at_close as (

    select * from {{ ref('int_opportunities__owners_at_close') }}

),

final as (

    select
        opportunities.opportunity_id,
        opportunities.account_id,
        opportunities.owner_user_id,
        owners_at_close.owner_at_close_user_id,
        opportunities.lead_id,
        opportunities.campaign_id,
        opportunities.stage,
        opportunities.created_at,
        opportunities.closed_at,
        opportunities.is_won,
        opportunities.currency_code,
        opportunities.amount,
        opportunities.reporting_amount
    from opportunities
    inner join owners_at_close
        on opportunities.opportunity_id = owners_at_close.opportunity_id

)

select * from final
