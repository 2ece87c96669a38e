with

opportunities as (

    {{ accepted_rows(ref('int_opportunities__resolved')) }}

),

final as (

    select
        opportunity_id,
        account_id,
        owner_user_id,
        coalesce(owner_at_close_user_id, owner_user_id) as owner_at_close_user_id,
        lead_id,
        campaign_id,
        stage,
        created_at,
        closed_at,
        is_won,
        currency_code,
        amount,
        reporting_amount
    from opportunities

)

select * from final
