"""The claim that conversion work stops paying, with its verdict."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Row, Section, Table
from customer_outcomes.page.words import RATE, Unit, interval


def conversion(frame: Frame) -> Section:
    """Return the verdict on the claim that conversion work stops paying beyond a lift, with its picture."""
    verdict = frame.rows("select * from metrics.saturation_verdict where is_claimed_knot")
    found = frame.rows(
        """
        select experiment_name, saturation.*
        from metrics.conversion_saturation as saturation
        inner join marts.fct_experiments as experiments on saturation.experiment_id = experiments.experiment_id
        order by saturation.ended_on, saturation.experiment_id
        """
    )
    per_thousand = Unit(100_000, 2, "")  # a return is lift per unit of money; shown: percent of lift per 1,000 of it
    y_title = f"lift in % per 1,000 {frame.currency}"
    drawn = [
        {
            "label": row["experiment_name"] or row["experiment_id"],
            "x": RATE.rounded(row["cumulative_lift"]),
            "y": per_thousand.rounded(row["return_on_spend"]),
            "kind": "rolled out" if row["is_shipped"] else "not rolled out",
            "said": f"{per_thousand.text(row['return_on_spend'])} {y_title}",
        }
        for row in found
        if row["return_on_spend"] is not None and row["cumulative_lift"] is not None
    ]
    lines = [
        [
            row["experiment_name"] or row["experiment_id"],
            f"{row['ended_on']}",
            RATE.text(row["lift"]),
            interval(row["lift_low"], row["lift_high"], RATE),
            RATE.text(row["shrunken_lift"]),
            RATE.text(row["cumulative_lift"]),
            per_thousand.text(row["return_on_spend"]),
        ]
        for row in found
    ]
    says, spec = "No experiment is known.", None
    if verdict and found:
        row = verdict[0]
        says = _verdict(row, per_thousand, y_title)
        most = max([point["x"] for point in drawn] + [100 * row["knot"]])
        sides = [(0, 100 * row["knot"], row["return_below"]), (100 * row["knot"], most, row["return_above"])]
        means = [
            {"from": start, "to": end, "mean": per_thousand.rounded(mean)}
            for start, end, mean in sides
            if mean is not None
        ]
        spec = specs.saturation(drawn, means, 100 * row["knot"], y_title)
    headings = ["experiment", "ended on", "lift", "95 % interval", "shrunken lift", "cumulative lift before", y_title]
    figure = Figure(
        "saturation",
        "Return on conversion work, by the lift that was reached before",
        ["metrics.saturation_verdict", "metrics.conversion_saturation", "marts.fct_experiments"],
        "M8 Campaigns, touches and the 6 % claim",
        says,
        spec,
        {"Experiments": Table(headings, lines)},
    )
    question = "Does conversion work stop paying beyond a lift?"
    return Section("conversion", "The 6 % claim", question, [figure], says if verdict and found else None)


def _verdict(row: Row, per_thousand: Unit, y_title: str) -> str:
    claim = f"that conversion work stops paying beyond a lift of {100 * row['knot']:g} %"
    if row["verdict"] == "too_little_data":
        return (
            f"There are too few or too unsure experiments to judge the claim {claim}: {row['experiments_below']} began"
            f" below that lift, {row['experiments_above']} at or above it."
        )
    word = "support" if row["verdict"] == "supports" else "contradict"
    below, above, change, error = (
        per_thousand.text(row[f"return_{name}"]) for name in ("below", "above", "change", "change_se")
    )
    return (
        f"The experiments {word} the claim {claim}: below it the mean return is {below} {y_title}, beyond it {above};"
        f" experiments that are surer weigh more. The change is {change}, with a standard error of {error}."
    )
