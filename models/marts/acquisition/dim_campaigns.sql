with

campaigns as (

    {{ accepted_rows(ref('rec_campaigns')) }}

),

final as (

    select
        campaign_id,
        campaign_name,
        channel,
        owner_user_id,
        started_on,
        ended_on
    from campaigns

)

select * from final
