with

campaign_costs as (

    {{ accepted_rows(ref('rec_campaign_costs')) }}

),

final as (

    select
        campaign_id,
        cost_on,
        currency_code,
        amount,
        reporting_amount
    from campaign_costs

)

select * from final
