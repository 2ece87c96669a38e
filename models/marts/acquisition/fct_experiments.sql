with

experiments as (

    {{ accepted_rows(ref('rec_experiments')) }}

),

final as (

    select
        experiment_id,
        experiment_name,
        channel,
        started_on,
        ended_on,
        control_exposures,
        control_conversions,
        variant_exposures,
        variant_conversions,
        reporting_amount as spend_amount,
        is_shipped
    from experiments

)

select * from final
