"""All relations of one build, from the files of a delivery: the parts of the oracle put together."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from oracle import compensation, forecasts, metric_values, outcomes, support
from oracle.customers import by_account, cohorts, customers_dimension, lifetime, months_of, only_charges
from oracle.metric_months import metric_months
from oracle.satisfaction import counted, first_asked, survey_answers
from oracle.transactions import transactions
from oracle.world import World


def public(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in rows]


def compute(
    folder: Path,
    contract: dict,
    *,
    as_of: datetime,
    reporting_currency: str,
    reporting_timezone: str = "UTC",
    inactive_after_days: int = 400,
    csat_survey_types=("csat", "post_purchase"),
    publish_business_names: bool = True,
    **more,
) -> dict[str, list[dict]]:
    """The relations named in the result, from the files in folder, as the specification says.

    Further arguments, vars and seeds, are those of `compute` in support, outcomes, compensation and metric_values.
    """
    more = {name: value for name, value in more.items() if not name.startswith("forecast_")}  # these change no row here
    more |= {"inactive_after_days": inactive_after_days, "csat_survey_types": csat_survey_types}
    of_support, of_outcomes, of_compensation, of_metrics = (
        {name: more[name] for name in part.compute.__kwdefaults__ if name in more}
        for part in (support, outcomes, compensation, metric_values)
    )
    assert more.keys() == {*of_support, *of_outcomes, *of_compensation, *of_metrics}, more.keys()

    world = World(Path(folder), contract, as_of, reporting_currency, reporting_timezone)
    lines, answers = transactions(world, inactive_after_days), survey_answers(world)
    account_lines, account_answers = by_account(lines), by_account(answers)
    supported = support.compute(world, counted(answers), **of_support)
    asked_at = first_asked(supported["fct_survey_invitations"], answers)
    customers = [account_id for account_id, rows in account_lines.items() if only_charges(rows)]
    lifetimes, months = {}, []
    for account_id in customers:
        said, asked = account_answers.get(account_id, []), asked_at.get(account_id)
        facts = (world, account_id, account_lines[account_id], said, asked, csat_survey_types)
        lifetimes[account_id] = lifetime(*facts)
        months += months_of(*facts)
    # M1: 'A missing segment is written (none).'
    segments = {key: world.find("crm.accounts", key)["segment"] or "(none)" for key in customers}
    responses = public(counted(answers))
    results = {
        "fct_transactions": public(lines),
        "fct_survey_responses": responses,
        "customer_months": public(months),
        "customer_cohorts": cohorts(months, segments),
        "dim_customers": customers_dimension(world, lifetimes, publish_business_names),
        "input_reconciliation": world.reconciliation(),
        "quarantined": world.quarantined(),
        "broken_references": world.broken_references(),
        **supported,
        **forecasts.compute(world, lines),
        **outcomes.compute(world, list(lifetimes.values()), responses, **of_outcomes),
    }  # fmt: skip
    results["_months"] = metric_months(world, results, of_metrics.get("ttv_clock", "first_charge"))
    results |= compensation.compute(world, results, **of_compensation)
    return results | metric_values.compute(world, results, **of_metrics)
