from customer_outcomes.forecasts.relations import forecast_customers


def model(dbt, session):
    dbt.config(materialized="table")
    return forecast_customers(
        dbt.ref("int_customers__purchase_statistics"),
        dbt.ref("int_forecast_models__fitted"),
        horizon_weeks=float(dbt.config.meta_get("forecast_horizon_weeks")),
        discount_rate=float(dbt.config.meta_get("forecast_discount_rate")),
    )
