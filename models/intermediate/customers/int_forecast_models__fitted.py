from customer_outcomes.forecasts.relations import fit_models


def model(dbt, session):
    dbt.config(materialized="table")
    return fit_models(
        dbt.ref("int_customers__purchase_statistics"),
        forecast_model=dbt.config.meta_get("forecast_model"),
        min_customers=int(dbt.config.meta_get("forecast_min_customers")),
        correlation_warning=float(dbt.config.meta_get("forecast_correlation_warning")),
    )
