with

leads as (

    {{ accepted_rows(ref('rec_leads')) }} and surviving_id = lead_id

),

final as (

    select
        lead_id,
        created_at,
        channel,
        campaign_id,
        owner_user_id,
        contact_id,
        account_id,
        qualified_at,
        sales_user_id,
        accepted_at,
        converted_at,
        disqualified_at
    from leads

)

select * from final
