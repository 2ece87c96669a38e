"""Time to value, and who leaves: customers by experience and outcome."""

from __future__ import annotations

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Section, Table
from customer_outcomes.page.words import COUNT, DAYS, NONE, RATE, RATIO, counted, title

MOST_CUSTOMERS = 10
SHOWN_DAYS = (0, 30, 60, 90, 180)  # the days of the curve that its table shows, beside the last one


def time_to_value(frame: Frame) -> Section:
    """Return the shares of customers who reached value, who left before, and who are not there yet, by day."""
    summary = frame.rows(
        "select * from metrics.time_to_value_summary order by segment = 'all' desc, subjects desc, segment"
    )
    curve = frame.rows(
        """
        select day, incidence_value, incidence_churn, at_risk
        from metrics.time_to_value_curve
        where segment = 'all'
        order by day
        """
    )
    parts = {"value reached": "var(--one)", "left before value": specs.BAD, "not there yet": specs.SILENT}
    drawn, lines = [], []
    for row in curve:
        reached, left = row["incidence_value"], row["incidence_churn"]
        shares = (reached, left, 1 - reached - left)
        drawn += [
            {"day": row["day"], "part": part, "place": place, "value": RATE.rounded(share)}
            for place, (part, share) in enumerate(zip(parts, shares, strict=True))
        ]
        if row["day"] in SHOWN_DAYS or row is curve[-1]:
            lines.append([COUNT.text(row["day"]), *map(RATE.text, shares), COUNT.text(row["at_risk"])])
    by_segment = [
        [
            "All" if row["segment"] == "all" else title(row["segment"]),
            COUNT.text(row["subjects"]),
            COUNT.text(row["value_events"]),
            COUNT.text(row["churn_events"]),
            COUNT.text(row["subjects"] - row["value_events"] - row["churn_events"]),
            DAYS.text(row["median_days"]),
        ]
        for row in summary
    ]
    says = "No customer's clock has started."
    if summary:
        _, _, reached_by, left_before, waiting, median = by_segment[0]
        until = (
            f"Half of the customers reach it within {median}."
            if median != NONE
            else "The share that reaches it stays below one half, so that there is no median."
        )
        says = (
            f"Of {counted(summary[0]['subjects'], 'customer')}, {reached_by} reached the value that they came for,"
            f" {left_before} left before, and {waiting} are not there yet. {until} The curve"
            " estimates the days that newer customers have not lived through, so its shares differ from these counts."
        )
    figure = Figure(
        "time-to-value",
        "Time to value",
        ["metrics.time_to_value_curve", "metrics.time_to_value_summary"],
        "M7 Outcomes, time to value, and the two axes",
        says,
        specs.shares_by_day(drawn, parts) if drawn else None,
        {
            "Customers by day": Table(["day", *parts, "at risk"], lines, 0),
            "By segment": Table(
                ["segment", "customers", "reached value", "left before", "not there yet", "median"], by_segment
            ),
        },
    )
    question = "How long until customers get the value that they came for, and how many leave before?"
    return Section("time-to-value", "Time to value", question, [figure])


def leavers(frame: Frame) -> Section:
    """Return the value of customers who stayed and who left, by experience and outcome, and lists of customers."""
    found = frame.rows(
        """
        select experience_level, outcome_level, is_churned, customers, cltv
        from metrics.experience_outcome_quadrants
        """
    )
    by_group = {(row["experience_level"], row["outcome_level"], row["is_churned"]): row for row in found}
    moods = {"high": "Happy", "low": "Unhappy"}
    outcomes = {"high": "outcome reached", "low": "outcome missed"}
    drawn, lines, shares = [], [], {}
    for mood, happy in moods.items():
        for level, reached in outcomes.items():
            label = f"{happy}, {reached}"
            groups = [by_group.get((mood, level, is_churned)) for is_churned in (False, True)]
            customers = [group["customers"] if group else 0 for group in groups]
            values = [group["cltv"] if group else 0 for group in groups]
            drawn += [
                {
                    "label": label,
                    "part": part,
                    "place": place,
                    "value": float(values[place]),
                    "said": f"{frame.money.text(values[place])}, {customers[place]} customers",
                }
                for place, part in enumerate(("stayed", "left"))
            ]
            shares[mood, level] = (customers[1], sum(customers))
            share = RATE.text(customers[1] / sum(customers)) if sum(customers) else NONE
            lines.append([label, *map(str, customers), share, *map(frame.money.text, values)])
    headings = [
        "customers",
        "stayed",
        "left",
        "share that left",
        "value of stayers",
        "value of leavers",
    ]
    figure = Figure(
        "quadrants",
        "Who stays and who leaves, by lifetime value",
        ["metrics.experience_outcome_quadrants"],
        "M7 Outcomes, time to value, and the two axes",
        _leaver_sentence(shares),
        specs.stacked_bars(drawn, {"stayed": "var(--one)", "left": specs.BAD}, f"lifetime value, {frame.currency}")
        if found
        else None,
        {"Customers by experience and outcome": Table(headings, lines)},
    )
    lists = Figure(
        "leavers",
        "Happy leavers and unhappy stayers",
        ["marts.customer_lifetime", "marts.dim_customers"],
        "M7 Outcomes, time to value, and the two axes",
        f"The most valuable customers of each kind, {MOST_CUSTOMERS} at most: ask the leavers what they came for, and"
        " help the stayers before they go.",
        None,
        {
            "Happy leavers": _customers(frame, "is_churned and quadrant like '%_high_experience'"),
            "Unhappy stayers": _customers(frame, "not is_churned and quadrant like '%_low_experience'"),
        },
    )
    question = "Happy customers leave, and unhappy ones stay: does the outcome that they came for decide?"
    return Section("leavers", "Happy leavers, unhappy stayers", question, [figure, lists], _leaver_finding(shares))


def _leaver_sentence(shares: dict[tuple[str, str], tuple[int, int]]) -> str:
    told = [
        f"{left} of {of} {mood} customers {outcome} left"
        for (mood, outcome), (left, of) in zip(
            [
                ("happy", "with their outcome"),
                ("happy", "without it"),
                ("unhappy", "with their outcome"),
                ("unhappy", "without it"),
            ],
            [shares["high", "high"], shares["high", "low"], shares["low", "high"], shares["low", "low"]],
            strict=True,
        )
        if of
    ]
    placed = sum(of for _, of in shares.values())
    return (
        f"{'; '.join(told)}. {counted(placed, 'customer')} can be placed."
        if told
        else "No customer has both an outcome and an answer for long enough."
    )


def _leaver_finding(shares: dict[tuple[str, str], tuple[int, int]]) -> str | None:
    """Return the sentence about happy customers, if 10 or more of them had their outcome, and 10 or more had not."""
    (left_with, with_it), (left_without, without) = shares["high", "high"], shares["high", "low"]
    if min(with_it, without) < 10 or left_without * with_it <= left_with * without:
        return None
    return (
        f"Happy customers leave if they do not get their outcome: {RATE.text(left_without / without)} of the happy ones"
        f" without a verified outcome left ({left_without} of {without}), and {RATE.text(left_with / with_it)} of those"
        f" with one ({left_with} of {with_it})."
    )


def _customers(frame: Frame, condition: str) -> Table:
    found = frame.rows(
        f"""
        select account_name, lifetime.account_id, segment, cltv, csat_1_10, outcome_score, left_at
        from marts.customer_lifetime as lifetime
        inner join marts.dim_customers as customers on lifetime.account_id = customers.account_id
        where {condition}
        order by cltv desc, lifetime.account_id
        limit {MOST_CUSTOMERS}
        """
    )
    lines = [
        [
            row["account_name"] or row["account_id"],
            title(row["segment"] or "(none)"),
            frame.money.text(row["cltv"]),
            RATIO.text(row["csat_1_10"]),
            RATE.text(row["outcome_score"]),
            f"{row['left_at']:%Y-%m-%d}" if row["left_at"] else "stayed",
        ]
        for row in found
    ]
    return Table(["customer", "segment", "lifetime value", "CSAT", "outcomes on time", "left on"], lines, 2)
