with

fits as (

    select * from {{ ref('int_forecast_models__fitted') }}

),

final as (

    select
        model,
        is_chosen,
        n_customers,
        parameters,
        parameter_intervals,
        log_likelihood,
        is_converged,
        reason,
        holdout_actual,
        holdout_predicted,
        holdout_mae,
        naive_mae,
        holdout_rmse,
        naive_rmse,
        spend_frequency_correlation
    from fits

)

select * from final
