"""Ratings of teams and, if the company shows them, of employees."""

from __future__ import annotations

from datetime import date
from typing import Any

from customer_outcomes.page import specs
from customer_outcomes.page.frame import Figure, Frame, Row, Section, Table
from customer_outcomes.page.words import COUNT, RATE, RATIO, SHARE, Unit, in_brackets, interval, month_name, title


def ratings(frame: Frame) -> Section:
    """Return the ratings of teams, and of employees if the company shows them, in order and with their intervals."""
    figures = [_team_ratings(frame)]
    finding = None
    if frame.show_employees:
        types = frame.rows(
            """
            select survey_type, sum(n_customers) as customers
            from metrics.employee_ratings
            where credible_score is not null
            group by survey_type
            order by customers desc, survey_type
            """
        )
        quota, finding = _quota(frame)
        figures += [quota] if quota else []
        figures += [_employee_ratings(frame, row["survey_type"]) for row in types]
    question = "How satisfied are customers with us, and which ratings are sure enough to pay on?"
    return Section("ratings", "Ratings", question, figures, finding)


def _team_ratings(frame: Frame) -> Figure:
    found = frame.rows(
        """
        select metric_name, subject_name, value, ci_low, ci_high, n
        from metrics.metric_values
        where subject_type = 'team' and metric_name in ('csat', 'touch_rating') and month = $month and value is not null
        order by value desc, metric_name, subject_id
        """,
        month=frame.last_month or date.max,
    )
    kinds = {"CSAT": "var(--one)", "Touch rating": "var(--two)"}
    drawn = [
        _rated(
            f"{title(row['subject_name'])}, {title(row['metric_name'])}", title(row["metric_name"]), row, "value", RATIO
        )
        for row in found
    ]
    lines = [
        [shown["label"], shown["said"], shown["between"], COUNT.text(row["n"])]
        for shown, row in zip(drawn, found, strict=True)
    ]
    payable = frame.rows(
        """
        select team, survey_type, team_mean, count(*) as employees, count_if(is_payable) as payable,
            any_value(team_customers) as customers
        from metrics.employee_ratings
        group by team, survey_type, team_mean
        order by team, survey_type
        """
    )
    month = month_name(frame.last_month) if frame.last_month else "the last month"
    return Figure(
        "team-ratings",
        f"Ratings by team, {month}",
        ["metrics.metric_values", "metrics.employee_ratings"],
        "M4 Ratings fit for pay",
        "A rating counts for pay once enough customers stand behind it (rating_min_customers); below it"
        " the team's mean is paid."
        + (
            f" In {month} these are the means over customers, from 1 to 10."
            if drawn
            else f" No team was rated in {month}."
        ),
        specs.caterpillar(drawn, kinds, "mean over customers, 1 to 10", [1, 10]) if drawn else None,
        {
            f"Teams in {month}": Table(["team and rating", "mean", "95 % interval", "customers"], lines),
            "Employees whose rating is sure enough to pay on": Table(
                ["team", "survey", "team's mean, 0 to 1", "rated employees", "of them payable", "customers"],
                [
                    [
                        title(row["team"]),
                        title(row["survey_type"]),
                        SHARE.text(row["team_mean"]) if frame.show_employees or row["employees"] > 1 else "not shown",
                        COUNT.text(row["employees"]),
                        COUNT.text(row["payable"]),
                        COUNT.text(row["customers"]),
                    ]
                    for row in payable
                ],
                2,
            ),
        },
    )


def _rated(label: str, kind: str, row: Row, column: str, unit: Unit) -> dict[str, Any]:
    """Return a line of a caterpillar: a rating with its interval, as numbers and as texts."""
    return {
        "label": label,
        "kind": kind,
        "value": unit.rounded(row[column]),
        "low": unit.rounded(row["ci_low"]),
        "high": unit.rounded(row["ci_high"]),
        "said": unit.text(row[column]),
        "between": interval(row["ci_low"], row["ci_high"], unit),
    }


def _employee_ratings(frame: Frame, survey_type: str) -> Figure:
    found = frame.rows(
        """
        select
            coalesce(user_name, ratings.user_id) as name, ratings.team, credible_score, ci_low, ci_high, n_customers,
            is_payable, raw_mean, response_rate, worst_case_mean, best_case_mean
        from metrics.employee_ratings as ratings
        left join marts.dim_employees as employees on ratings.user_id = employees.user_id
        where survey_type = $survey_type and credible_score is not null
        order by credible_score desc, ratings.user_id
        """,
        survey_type=survey_type,
    )
    kinds = {"payable": "var(--one)", "too few customers to pay on": "var(--muted)"}

    def kind(row: Row) -> str:
        return "payable" if row["is_payable"] else "too few customers to pay on"

    drawn = [_rated(f"{row['name']}, {title(row['team'])}", kind(row), row, "credible_score", SHARE) for row in found]
    lines = [
        [
            shown["label"],
            shown["said"],
            shown["between"],
            "yes" if row["is_payable"] else "no",
            COUNT.text(row["n_customers"]),
            SHARE.text(row["raw_mean"]),
            RATE.text(row["response_rate"]),
            interval(row["worst_case_mean"], row["best_case_mean"], SHARE),
        ]
        for shown, row in zip(drawn, found, strict=True)
    ]
    headings = [
        "employee", "credible score", "95 % interval", "payable", "customers", "raw mean", "response rate",
        "if the silent had answered",
    ]  # fmt: skip
    name = title(survey_type)
    return Figure(
        f"employees-{survey_type.replace('_', '-')}",
        f"Ratings by employee: {name}",
        ["metrics.employee_ratings", "marts.dim_employees"],
        "M4 Ratings fit for pay",
        "Scores from 0 to 1 (0.5 is 5.5 on a scale from 1 to 10), shrunk towards the team's mean as far as few"
        " customers make them unsure. Intervals that overlap tell no difference.",
        specs.caterpillar(drawn, kinds, "credible score, 0 to 1", [0, 1]),
        {f"{name} by employee": Table(headings, lines)},
    )


def _quota(frame: Frame) -> tuple[Figure | None, str | None]:
    """Return the bookings of each employee beside the rating by the survey with the most customers, and the finding."""
    found = frame.rows(
        """
        with bookings as (
            select subject_id as user_id, sum(value) as bookings
            from metrics.metric_values
            where metric_name = 'bookings' and subject_type = 'employee' and is_complete
            group by subject_id
            having sum(value) > 0
        ),

        sellers as (
            select bookings.user_id, coalesce(user_name, bookings.user_id) as name, bookings
            from bookings
            inner join marts.dim_employees as employees on bookings.user_id = employees.user_id
            where team = 'sales'
        ),

        ratings as (
            select ratings.*
            from metrics.employee_ratings as ratings
            inner join sellers on ratings.user_id = sellers.user_id
            where credible_score is not null
        ),

        surveys as (
            select survey_type
            from ratings
            group by survey_type
            order by sum(n_customers) desc, survey_type
            limit 1
        )

        select name, bookings, surveys.survey_type, credible_score, ci_low, ci_high, n_customers, is_payable
        from sellers
        cross join surveys
        left join ratings on sellers.user_id = ratings.user_id and surveys.survey_type = ratings.survey_type
        order by bookings desc, sellers.user_id
        """
    )
    rated = [row for row in found if row["credible_score"] is not None]
    if len(rated) < 2:
        return None, None
    survey = title(found[0]["survey_type"])
    drawn = [
        {
            "label": row["name"],
            "x": frame.money.rounded(row["bookings"]),
            "y": SHARE.rounded(row["credible_score"]),
            "low": SHARE.rounded(row["ci_low"]),
            "high": SHARE.rounded(row["ci_high"]),
            "colour": "var(--one)" if row["is_payable"] else "var(--muted)",
            "said": frame.money.text(row["bookings"]),
            "between": SHARE.text(row["credible_score"]) + in_brackets(row["ci_low"], row["ci_high"], SHARE),
        }
        for row in rated
    ]
    lines = [
        [
            row["name"],
            frame.money.text(row["bookings"]),
            SHARE.text(row["credible_score"]),
            interval(row["ci_low"], row["ci_high"], SHARE),
            COUNT.text(row["n_customers"]),
        ]
        for row in found
    ]
    best, others = found[0], [row for row in rated if row is not found[0]]
    bounds = [row["ci_low"] for row in others] + [best["ci_high"]]
    finding = None
    if best["is_payable"] and None not in bounds and best["ci_high"] < min(bounds[:-1]):
        finding = (
            f"The quota's best seller has the unhappiest customers: {best['name']} booked"
            f" {frame.money.text(best['bookings'])}, more than any other seller, and has the lowest rating,"
            f" {SHARE.text(best['credible_score'])} of 1{in_brackets(best['ci_low'], best['ci_high'], SHARE)}."
        )
    figure = Figure(
        "quota",
        "A quota's view beside the customers' view",
        ["metrics.metric_values", "metrics.employee_ratings", "marts.dim_employees"],
        "M4 Ratings fit for pay",
        f"Sellers by the value of the deals that they won in all complete months, and by their rating ({survey})."
        + (f" {finding}" if finding else ""),
        specs.named_points(drawn, f"bookings, {frame.currency}", "credible score, 0 to 1"),
        {"Sellers": Table(["seller", "bookings", f"rating ({survey})", "95 % interval", "customers"], lines)},
    )
    return figure, finding
