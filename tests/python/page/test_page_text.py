"""The figures below the scoreboard, their sentences, and the page's head, computed again from the published relations.

Nothing here uses the code of the page. Each figure reads only the relations that the page names below its chart. The
other companies are the sample company with altered relations: `hard` has missing, negative and zero figures and hostile
names, `bare` has nothing but its input, `many` has 300 campaigns and 80 segments, and `odd` has figures about which
it is easy to say something untrue.
"""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from customer_outcomes.page import page_of
from helpers.builds import Built, query, records

READ = """
    () => {
        for (const details of document.querySelectorAll("details")) details.open = true;
        const text = (node) => node.innerText.trim();
        const all = (place, choice) => [...place.querySelectorAll(choice)];
        const offered = text(document.querySelector("#subject"));
        return {
            head: text(document.querySelector("header p")),
            findings: all(document, ".findings li").map((item) => text(item).replace(/ Figures$/, "")),
            campaigns_offered: all(document, "#subject option[value^='campaign:']").length,
            choice: all(document, "#scoreboard > p, #choice > :not(select)").map(text).join(" ").replace(offered, ""),
            figures: Object.fromEntries(
                all(document, "figure.wide").map((figure) => [
                    figure.id.replace("figure-", ""),
                    {
                        prose: all(figure, "p, summary, caption").map(text).join(" "),
                        says: text(figure.querySelector(".says")),
                        sources: all(figure, ".source code").map(text),
                        tables: all(figure, "table").map((table) => [
                            text(table.caption),
                            ...[...table.rows].map((row) => [...row.cells].map(text)),
                        ]),
                    },
                ]),
            ),
        };
    }
"""

HOSTILE = """</script><script>window.opened = 1</script>"'&<img src=x onerror="window.opened = 2"> ${7*7} {{7*7}}"""
LONG = "Wherever" * 40
NOT = "may not stand here: "
NAMES = {"hostile": HOSTILE, "long": LONG}
LABELS = {"csat": "CSAT", "nps": "NPS", "ces": "CES", "(none)": "(none)", "(all)": "(all)"}
MODELS = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "nbd": "NBD", "pareto_nbd": "Pareto/NBD"}
QUADRANTS = {
    ("high", "high"): "Happy, outcome reached",
    ("high", "low"): "Happy, outcome missed",
    ("low", "high"): "Unhappy, outcome reached",
    ("low", "low"): "Unhappy, outcome missed",
}
STATES = ("superseded", "deleted", "excluded", "future", "quarantined")
CAMPAIGNS_SHOWN, CUSTOMERS_SHOWN = 25, 10
DAYS_SHOWN = (0, 30, 60, 90, 180)
MAX_BYTES = 3_000_000

SOURCES = {
    "satisfied-value": ["metrics.ppp_summary"],
    "campaigns": ["metrics.campaign_performance", "marts.dim_campaigns"],
    "time-to-value": ["metrics.time_to_value_curve", "metrics.time_to_value_summary"],
    "quadrants": ["metrics.experience_outcome_quadrants"],
    "leavers": ["marts.customer_lifetime", "marts.dim_customers"],
    "team-ratings": ["metrics.metric_values", "metrics.employee_ratings"],
    "quota": ["metrics.metric_values", "metrics.employee_ratings", "marts.dim_employees"],
    "employees-touch-rating": ["metrics.employee_ratings", "marts.dim_employees"],
    "employees-nps": ["metrics.employee_ratings", "marts.dim_employees"],
    "employees-csat": ["metrics.employee_ratings", "marts.dim_employees"],
    "employees-post-purchase": ["metrics.employee_ratings", "marts.dim_employees"],
    "employees-ces": ["metrics.employee_ratings", "marts.dim_employees"],
    "first-response": ["metrics.ticket_times"],
    "handoffs": ["metrics.handoff_performance"],
    "saturation": ["metrics.saturation_verdict", "metrics.conversion_saturation", "marts.fct_experiments"],
    "forecasts": ["marts.forecast_fits", "marts.customer_forecasts"],
    "rows": ["audit.input_reconciliation", "audit.broken_references", "audit.build_info"],
}
WITHOUT_EMPLOYEES = [name for name in SOURCES if name != "quota" and not name.startswith("employees-")]

IN_MODEL = "attribution_model = 'position'"
HARD = (
    "update audit.build_info set reporting_currency = 'USD', reporting_timezone = 'Europe/Berlin',"
    " as_of = '2026-07-01 13:45:10', alarms_accepted = 'less_money, shrunk_input', version = $hostile",
    "delete from metrics.ppp_summary where subject_id = 'sales'",
    "delete from metrics.metric_values where subject_type = 'team' and subject_id = 'sales'",
    "update metrics.ppp_summary set cltv = 0, ppp_yield = null, csat_revenue_coverage = null, responders_csat = null"
    " where subject_id = 'mid_market'",
    "update metrics.ppp_summary set cltv = -1234567.005, ppp_yield = 0.1235, csat_revenue_coverage = 1.1,"
    " responders_csat = 2.675 where subject_id = 'public_sector'",
    "update metrics.ppp_summary set subject_id = '(none)' where subject_id = 'small_business'",
    "update metrics.ppp_summary set subject_id = $hostile where subject_id = 'enterprise'",
    "update metrics.time_to_value_summary set segment = $hostile where segment = 'enterprise'",
    "update metrics.time_to_value_curve set segment = $hostile where segment = 'enterprise'",
    "update metrics.time_to_value_summary set segment = '(none)', median_days = null where segment = 'mid_market'",
    "update metrics.time_to_value_curve set segment = '(none)' where segment = 'mid_market'",
    "update metrics.metric_values set subject_id = $hostile, subject_name = $hostile where subject_id = 'enterprise'",
    "update marts.dim_campaigns set campaign_name = $hostile where campaign_id = 'camp_search'",
    "update metrics.metric_values set subject_name = $hostile where subject_id = 'camp_search'",
    "update marts.dim_campaigns set campaign_name = $long where campaign_id = 'camp_partners'",
    "update metrics.campaign_performance set revenue_roi = 2.675, ppp_roi = -2.675, customers = 0.004,"
    f" attributed_cltv = -0.004 where campaign_id = 'camp_search' and {IN_MODEL}",
    "update metrics.campaign_performance set cost = 0, revenue_roi = null, ppp_roi = null"
    f" where campaign_id = 'camp_newsletter' and {IN_MODEL}",
    "delete from metrics.experience_outcome_quadrants where outcome_level = 'low' and experience_level = 'high'",
    "update marts.customer_lifetime set quadrant = null where quadrant = 'low_outcome_high_experience' and is_churned"
    " and cltv < 2500",
    "update marts.customer_lifetime set cltv = -5.005, left_at = '2026-03-31 22:30' where is_churned"
    " and quadrant = 'high_outcome_high_experience'",
    "update marts.dim_customers set account_name = null where account_name = 'Jasper Pharmacy'",
    "update marts.dim_customers set account_name = $hostile, segment = $hostile where account_name = 'Meadow Estates'",
    "update marts.dim_customers set account_name = $long where account_name = 'Granite School'",
    "update metrics.metric_values set ci_low = null, ci_high = null where metric_name = 'csat'",
    "update marts.dim_employees set user_name = $hostile where user_id = 'user_05'",
    "update metrics.metric_values set subject_name = $hostile where subject_id = 'user_05'",
    "update marts.dim_employees set user_name = null where user_id = 'user_07'",
    "update metrics.employee_ratings set ci_low = null, ci_high = null, response_rate = null, worst_case_mean = null,"
    " best_case_mean = null, credible_score = 0.4005 where user_id = 'user_05'",
    "update metrics.ticket_times set tickets = 1234 where subject_type = 'company' and month = '2025-04-01'",
    "insert into metrics.ticket_times"
    " select * replace (date '2026-07-01' as month, 0 as events, null as median_minutes) from metrics.ticket_times"
    " where subject_type = 'company' and month = '2026-06-01'",
    "update metrics.handoff_performance set matured = 0, dropped = 0, drop_rate = null where from_team = 'onboarding'",
    "update marts.fct_experiments set experiment_name = $hostile where experiment_id = 'exp_03'",
    "update metrics.conversion_saturation set lift = -0.0004, lift_low = null, lift_high = null, shrunken_lift = null,"
    " return_on_spend = null where experiment_id = 'exp_02'",
    "update metrics.conversion_saturation set lift = 0.1235, return_on_spend = -2e-8 where experiment_id = 'exp_03'",
    "update metrics.saturation_verdict set verdict = 'too_little_data', return_change = null, return_change_se = null,"
    " return_above = null",
    "update marts.forecast_fits set is_chosen = model in ('mbg_nbd', 'gamma_gamma')",
    "update marts.forecast_fits set reason = $hostile where model = 'nbd'",
    "update audit.input_reconciliation set received = received + 1234567, quarantined = 1234560, deleted = 7"
    " where input_table = 'crm.users'",
    "insert into audit.broken_references values"
    " ('crm.leads', $hostile, 1234, 2, '[]', 1300, 1, 2), ('crm.deals', 'owner', 3, 1, '[]', 5, 1, 0)",
)


def copies(relation: str, number: int, changes: str, of: str) -> str:
    """A statement that adds a number of changed copies of some rows."""
    return (
        f"insert into {relation} select * exclude (i) replace ({changes})"
        f" from {relation}, range({number}) as further (i) where {of}"
    )


OF_CAMPAIGN, OF_SEGMENT = "campaign_id = 'camp_search'", "subject_type = 'segment' and subject_id = 'enterprise'"
EXTRA, PART = "'extra_' || i", "'part_' || i"
MANY = (
    copies("marts.dim_campaigns", 292, f"{EXTRA} as campaign_id, 'Extra ' || i as campaign_name", OF_CAMPAIGN),
    copies("metrics.campaign_performance", 292, f"{EXTRA} as campaign_id, revenue_roi + i as revenue_roi", OF_CAMPAIGN),
    copies("metrics.ppp_summary", 292, f"{EXTRA} as subject_id", "subject_id = 'camp_search'"),
    copies(
        "metrics.ppp_summary", 76, f"{PART} as subject_id, cast(cltv / (i + 2) as decimal(38, 14)) as cltv", OF_SEGMENT
    ),
    copies(
        "metrics.time_to_value_summary", 76, f"{PART} as segment, subjects + i as subjects", "segment = 'enterprise'"
    ),
    copies("metrics.time_to_value_curve", 76, f"{PART} as segment", "segment = 'enterprise'"),
    copies(
        "metrics.metric_values",
        292,
        f"{EXTRA} as subject_id, 'Extra ' || i as subject_name",
        "subject_type = 'campaign' and subject_id = 'camp_search'",
    ),
    copies("metrics.metric_values", 76, f"{PART} as subject_id, {PART} as subject_name", OF_SEGMENT),
)
ODD = (
    "delete from metrics.employee_ratings where user_id = 'user_05'",
    "update metrics.employee_ratings set credible_score = 0.3, ci_low = 0.25, ci_high = 0.35 where user_id = 'user_07'",
    "update metrics.handoff_performance set dropped = 0, drop_rate = 0",
    "update metrics.time_to_value_summary set subjects = 3, value_events = 1, churn_events = 1, median_days = null"
    " where segment = 'all'",
    "update metrics.ppp_summary set cltv = 0, ppp_yield = null, csat_revenue_coverage = null, responders_csat = null"
    " where subject_type = 'company'",
    "update metrics.ticket_times set p90_minutes = null, p90_low = null, p90_high = null where"
    " measure = 'first_response' and subject_type = 'company' and month = '2026-06-01'",
    "update marts.customer_lifetime set quadrant = null where quadrant = 'low_outcome_high_experience'",
    "update marts.dim_customers set segment = null where account_name = 'Jasper Pharmacy'",
    "update marts.customer_forecasts set forecast_value = null where account_id > 'acct_0100'",
)


# How figures are written.


def decimal(value: object) -> Decimal:
    """A number that is stored in binary is the shortest decimal that is it."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def number(value: object, places: int = 0, unit: str = "") -> str:
    """A number with thousands separators, rounded half away from zero; never a negative zero."""
    if value is None:
        return "none"
    rounded = decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded + 0 if rounded else abs(rounded):,}{unit}"


def share(value: object) -> str:
    return "none" if value is None else number(decimal(value) * 100, 1, " %")


def span(low: object, high: object, places: int, factor: int = 1) -> str:
    if low is None and high is None:
        return "none"
    return " to ".join("?" if end is None else number(decimal(end) * factor, places) for end in (low, high))


def label(name: str) -> str:
    """A name of the input as words: `small_business` is `Small business`."""
    words = name.replace("_", " ")
    return LABELS.get(name, words[:1].upper() + words[1:])


def month_name(month: date) -> str:
    return f"{month:%b %Y}"


def yes(is_so: object) -> str:
    return "yes" if is_so else "no"


def minus(whole: object, *parts: object) -> Decimal | None:
    if whole is None or None in parts:
        return None
    return decimal(whole) - sum(decimal(part) for part in parts)


def ratio(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def place(rank: int) -> str:
    """An ordinal, such as 1st, 12th, and 142nd."""
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"


# The figures: each returns its tables, and the numbers and words of its sentence.

Wanted = tuple[list, list | None, list]


class Company:
    """The relations that one figure may read, and the facts of the build."""

    def __init__(self, database: Path, sources: list[str]) -> None:
        self.database, self.sources = database, sources
        (self.build,) = records(database, "audit.build_info")
        local = self.build["as_of"].replace(tzinfo=UTC).astimezone(ZoneInfo(self.build["reporting_timezone"]))
        self.running_month = local.date().replace(day=1)
        self.last_month = (self.running_month - timedelta(days=1)).replace(day=1)
        self.money_unit = f" {self.build['reporting_currency']}"

    def rows(self, relation: str, **values: object) -> list[dict]:
        """The rows of a relation whose columns have the values."""
        assert relation in self.sources, f"the figure does not name {relation}"
        found = records(self.database, relation)
        return [row for row in found if all(row[column] == value for column, value in values.items())]

    def money(self, value: object) -> str:
        return number(value, 2, self.money_unit)


def satisfied_value(company: Company) -> Wanted:
    rows = company.rows("metrics.ppp_summary")
    kinds = ("company", "team", "segment")
    rows = [row for row in rows if row["subject_type"] in kinds]
    rows.sort(key=lambda row: (kinds.index(row["subject_type"]), row["subject_type"] == "segment" and -row["cltv"]))
    header = [
        "of",
        "customers",
        "lifetime value",
        "PPP yield",
        "lost: less than delighted",
        "lost: silent",
        "CSAT of answers, by value",
    ]
    table = [
        [
            "Company" if row["subject_type"] == "company" else label(row["subject_id"]),
            number(row["customers"]),
            company.money(row["cltv"]),
            share(row["ppp_yield"]),
            share(minus(row["csat_revenue_coverage"], row["ppp_yield"])),
            share(minus(1, row["csat_revenue_coverage"])),
            number(row["responders_csat"], 2),
        ]
        for row in rows
    ]
    if not table:
        return [["By company, team and segment", header, *table]], [], ["No customer is known."]
    shares = [part.removesuffix(" %") for part in table[0][3:6]] if rows[0]["ppp_yield"] is not None else []
    if not shares:
        return [["By company, team and segment", header, *table]], None, [f"{NOT}No customer is known"]
    words = ["reaches", "less than delighted", "customers who never said"]
    return [["By company, team and segment", header, *table]], shares, words


def ranked_campaigns(company: Company) -> list[dict]:
    """The campaigns with both returns, by revenue, with their ranks."""
    names = {row["campaign_id"]: row["campaign_name"] for row in company.rows("marts.dim_campaigns")}
    rows = company.rows("metrics.campaign_performance", attribution_model="position")
    rows = [row for row in rows if row["revenue_roi"] is not None and row["ppp_roi"] is not None]
    for row in rows:
        row["name"] = names[row["campaign_id"]]
        row["by_revenue"] = 1 + sum(other["revenue_roi"] > row["revenue_roi"] for other in rows)
        row["by_ppp"] = 1 + sum(other["ppp_roi"] > row["ppp_roi"] for other in rows)
        falls = 2 * (row["by_ppp"] - row["by_revenue"]) >= len(rows) > 2
        row["disagree"] = falls or (row["revenue_roi"] > 0 and row["ppp_roi"] <= 0)
    return sorted(rows, key=lambda row: (-row["revenue_roi"], row["campaign_id"]))


def campaigns(company: Company) -> Wanted:
    rows = ranked_campaigns(company)
    header = [
        "campaign",
        "cost",
        "customers (shares)",
        "lifetime value",
        "ROI by revenue",
        "rank",
        "ROI by PPP",
        "rank",
        "disagree",
    ]
    table = [
        [
            row["name"],
            company.money(row["cost"]),
            number(row["customers"], 2),
            company.money(row["attributed_cltv"]),
            number(row["revenue_roi"], 2),
            number(row["by_revenue"]),
            number(row["ppp_roi"], 2),
            number(row["by_ppp"]),
            yes(row["disagree"]),
        ]
        for row in rows
    ]
    disagreeing = [row for row in rows if row["disagree"]]
    numbers = [number(row[name], 2) for row in disagreeing for name in ("revenue_roi", "ppp_roi")]
    numbers += [number(CAMPAIGNS_SHOWN), number(len(rows))] if len(rows) > CAMPAIGNS_SHOWN else []
    words = [row["name"] for row in disagreeing] if rows else ["No campaign has costs and a return."]
    return (
        [
            ["Campaigns by return", header, *table[:CAMPAIGNS_SHOWN]],
            ["Without cost or return", header[:4], *without_return(company)],
        ],
        [*numbers, "1"],
        [*words, "attribution model: position", "by revenue but not by PPP"],
    )


def without_return(company: Company) -> list[list[str]]:
    """The campaigns without cost, and the customers that no campaign won, the largest value first."""
    names = {row["campaign_id"]: row["campaign_name"] for row in company.rows("marts.dim_campaigns")}
    rows = company.rows("metrics.campaign_performance", attribution_model="position")
    rows = [row for row in rows if row["revenue_roi"] is None or row["ppp_roi"] is None]
    rows.sort(key=lambda row: (-row["attributed_cltv"], row["campaign_id"]))
    return [
        [
            names.get(row["campaign_id"], f"({row['campaign_id']})"),
            company.money(row["cost"]),
            number(row["customers"], 2),
            company.money(row["attributed_cltv"]),
        ]
        for row in rows
    ]


def time_to_value(company: Company) -> Wanted:
    curve = company.rows("metrics.time_to_value_curve", segment="all")
    last = max((row["day"] for row in curve), default=None)
    days = [
        [
            number(row["day"]),
            share(row["incidence_value"]),
            share(row["incidence_churn"]),
            share(minus(1, row["incidence_value"], row["incidence_churn"])),
            number(row["at_risk"]),
        ]
        for row in sorted(curve, key=lambda row: row["day"])
        if row["day"] in (*DAYS_SHOWN, last)
    ]
    segments = company.rows("metrics.time_to_value_summary")
    segments.sort(key=lambda row: (row["segment"] != "all", -row["subjects"], row["segment"]))
    summary = [
        [
            label(row["segment"]),
            number(row["subjects"]),
            number(row["value_events"]),
            number(row["churn_events"]),
            number(row["subjects"] - row["value_events"] - row["churn_events"]),
            number(row["median_days"], 0, " days"),
        ]
        for row in segments
    ]
    tables = [
        ["Customers by day", ["day", "value reached", "left before value", "not there yet", "at risk"], *days],
        ["By segment", ["segment", "customers", "reached value", "left before", "not there yet", "median"], *summary],
    ]
    if not summary:
        return tables, [], ["No customer's clock has started."]
    median = segments[0]["median_days"]
    if median is None:
        return tables, summary[0][1:5], ["reached the value", "no median", f"{NOT}Half of them never"]
    return tables, [*summary[0][1:5], number(median)], ["reached the value", "Half of the customers"]


def quadrants(company: Company) -> Wanted:
    rows = company.rows("metrics.experience_outcome_quadrants")
    table, numbers = [], []
    for (experience, outcome), name in QUADRANTS.items():
        of = [row for row in rows if (row["experience_level"], row["outcome_level"]) == (experience, outcome)]
        count = {left: sum(row["customers"] for row in of if row["is_churned"] == left) for left in (False, True)}
        value = {left: sum(row["cltv"] for row in of if row["is_churned"] == left) for left in (False, True)}
        rate = share(ratio(count[True], sum(count.values())))
        table.append([name, *map(number, count.values()), rate, *map(company.money, value.values())])
        numbers += [number(count[True]), number(sum(count.values()))] if any(count.values()) else []
    header = ["customers", "stayed", "left", "share that left", "value of stayers", "value of leavers"]
    placed = sum(row["customers"] for row in rows)
    numbers += [number(placed)] if numbers else []
    words = ["left", "can be placed"] if numbers else ["No customer has both an outcome and an answer for long enough."]
    return [["Customers by experience and outcome", header, *table]], numbers, words


def leavers(company: Company) -> Wanted:
    accounts = {row["account_id"]: row for row in company.rows("marts.dim_customers")}
    header = ["customer", "segment", "lifetime value", "CSAT", "outcomes on time", "left on"]
    tables = []
    for caption, experience, has_left in (("Happy leavers", "high", True), ("Unhappy stayers", "low", False)):
        rows = company.rows("marts.customer_lifetime", is_churned=has_left)
        rows = [row for row in rows if (row["quadrant"] or "").endswith(f"_{experience}_experience")]
        rows.sort(key=lambda row: (-row["cltv"], row["account_id"]))
        table = [
            [
                accounts[row["account_id"]]["account_name"] or row["account_id"],
                label(accounts[row["account_id"]]["segment"] or "(none)"),
                company.money(row["cltv"]),
                number(row["csat_1_10"], 2),
                share(row["outcome_score"]),
                f"{row['left_at']:%Y-%m-%d}" if has_left else "stayed",
            ]
            for row in rows
        ]
        tables.append([caption, header, *table[:CUSTOMERS_SHOWN]])
    return tables, [number(CUSTOMERS_SHOWN)], ["most valuable customers of each kind", "at most"]


def team_ratings(company: Company) -> Wanted:
    month = month_name(company.last_month)
    rows = company.rows("metrics.metric_values", subject_type="team", month=company.last_month, is_complete=True)
    rows = [row for row in rows if row["metric_name"] in ("csat", "touch_rating") and row["value"] is not None]
    rows.sort(key=lambda row: (row["metric_name"], row["subject_id"]))
    means = [
        [
            f"{label(row['subject_id'])}, {label(row['metric_name'])}",
            number(row["value"], 2),
            span(row["ci_low"], row["ci_high"], 2),
            number(row["n"]),
        ]
        for row in rows
    ]
    groups: dict[tuple, list[dict]] = {}
    for row in company.rows("metrics.employee_ratings"):
        groups.setdefault((row["team"], row["survey_type"]), []).append(row)
    payable = [
        [
            label(team),
            label(survey),
            number(group[0]["team_mean"], 3),
            number(len(group)),
            number(sum(row["is_payable"] for row in group)),
            number(group[0]["team_customers"]),
        ]
        for (team, survey), group in sorted(groups.items())
    ]
    caption = f"Teams in {month}" if company.rows("metrics.metric_values") else "Teams in the last month"
    header = ["team", "survey", "team's mean, 0 to 1", "rated employees", "of them payable", "customers"]
    tables = [
        [caption, ["team and rating", "mean", "95 % interval", "customers"], *means],
        ["Employees whose rating is sure enough to pay on", header, *payable],
    ]
    if not means:
        return tables, [], ["No team was rated in the last month."]
    return tables, ["1", "10"], [f"In {month}", "means over customers"]


def names_of(company: Company) -> dict[str, str]:
    return {row["user_id"]: row["user_name"] or row["user_id"] for row in company.rows("marts.dim_employees")}


def ranked_sellers(company: Company) -> list[dict]:
    """The users of team sales that booked something in complete months, the largest sum first."""
    teams = {row["user_id"]: row["team"] for row in company.rows("marts.dim_employees")}
    names = names_of(company)
    ratings = {row["user_id"]: row for row in company.rows("metrics.employee_ratings", survey_type="touch_rating")}
    booked: dict[str, Decimal] = {}
    for row in company.rows("metrics.metric_values", metric_name="bookings", subject_type="employee", is_complete=True):
        if teams[row["subject_id"]] == "sales":
            booked[row["subject_id"]] = booked.get(row["subject_id"], Decimal(0)) + row["numerator"]
    sellers = [{"name": names[user], "sum": money, "rating": ratings.get(user)} for user, money in booked.items()]
    return sorted(sellers, key=lambda seller: -seller["sum"])


def worst_of_the_best(company: Company) -> tuple[list, list] | None:
    """Numbers and words about the seller with the largest sum, whose interval is below those of all other sellers."""
    sellers = ranked_sellers(company)
    others = [seller["rating"]["ci_low"] for seller in sellers[1:] if seller["rating"]]
    best = sellers[0] if sellers else None
    if not best or not best["rating"] or not best["rating"]["is_payable"] or not others:
        return None
    if None in (*others, best["rating"]["ci_high"]) or best["rating"]["ci_high"] >= min(others):
        return None
    bounds = [number(best["rating"][end], 3) for end in ("ci_low", "ci_high")]
    numbers = [number(best["sum"], 2), number(best["rating"]["credible_score"], 3), "1", *bounds]
    return numbers, [best["name"], "more than any other seller", "lowest rating"]


def quota(company: Company) -> Wanted:
    table = []
    for seller in ranked_sellers(company):
        rating = seller["rating"] or dict.fromkeys(("credible_score", "ci_low", "ci_high", "n_customers"))
        interval = span(rating["ci_low"], rating["ci_high"], 3)
        score, customers = number(rating["credible_score"], 3), number(rating["n_customers"])
        table.append([seller["name"], company.money(seller["sum"]), score, interval, customers])
    header = ["seller", "bookings", "rating (Touch rating)", "95 % interval", "customers"]
    numbers, words = worst_of_the_best(company) or ([], [])
    return [["Sellers", header, *table]], numbers, ["all complete months", *words]


def employees(survey: str) -> Callable:
    def employees_of_survey(company: Company) -> Wanted:
        names = names_of(company)
        rows = company.rows("metrics.employee_ratings", survey_type=survey)
        rows.sort(key=lambda row: -row["credible_score"])
        table = [
            [
                f"{names[row['user_id']]}, {label(row['team'])}",
                number(row["credible_score"], 3),
                span(row["ci_low"], row["ci_high"], 3),
                yes(row["is_payable"]),
                number(row["n_customers"]),
                number(row["raw_mean"], 3),
                share(row["response_rate"]),
                span(row["worst_case_mean"], row["best_case_mean"], 3),
            ]
            for row in rows
        ]
        header = ["employee", "credible score", "95 % interval", "payable", "customers", "raw mean", "response rate"]
        header.append("if the silent had answered")
        numbers = ["0", "1", "0.5", "5.5", "1", "10"]
        return [[f"{label(survey)} by employee", header, *table]], numbers, ["shrunk towards the team's mean"]

    return employees_of_survey


def first_response(company: Company) -> Wanted:
    rows = company.rows("metrics.ticket_times", measure="first_response", subject_type="company")
    rows = sorted((row for row in rows if row["month"] is not None), key=lambda row: row["month"])
    table = [
        [
            month_name(row["month"]) + (" (running)" if row["month"] >= company.running_month else ""),
            number(row["tickets"]),
            number(row["events"]),
            number(row["median_minutes"], 1, " min"),
            span(row["median_low"], row["median_high"], 1),
            number(row["p90_minutes"], 1, " min"),
            span(row["p90_low"], row["p90_high"], 1),
        ]
        for row in rows
    ]
    header = ["month", "tickets", "answered", "median", "95 % interval", "90th percentile", "95 % interval"]
    tables = [["First response by month", header, *table]]
    rows = [row for row in rows if row["month"] < company.running_month]
    if not rows:
        return tables, [], ["No customer asked for help."]
    first, last = rows[0], rows[-1]
    minutes = [last["median_minutes"], last["p90_minutes"], first["median_minutes"]]
    words = [f"In {month_name(last['month'])}", f". In {month_name(first['month'])}"]
    if None in minutes:
        return tables, None, [*words, "not known yet", f"{NOT}none"]
    return tables, [number(value, 1) for value in minutes], words


def handoffs(company: Company) -> Wanted:
    pairs: dict[str, list[int]] = {}
    for row in company.rows("metrics.handoff_performance"):
        counts = pairs.setdefault(f"{label(row['from_team'])} to {row['to_team']}", [0] * 5)
        for index, column in enumerate(("handoffs", "matured", "dropped", "returned", "rejected")):
            counts[index] += row[column]
    rows = sorted(pairs.items(), key=lambda pair: (not pair[1][1], -(ratio(pair[1][2], pair[1][1]) or 0), pair[0]))
    table = [
        [
            name,
            number(count),
            number(over),
            number(dropped),
            share(ratio(dropped, over)),
            number(returned),
            number(rejected),
        ]
        for name, (count, over, dropped, returned, rejected) in rows
    ]
    header = ["from and to", "hand-offs", "time is over", "dropped", "drop rate", "returned", "rejected"]
    tables = [["Hand-offs by pair of teams", header, *table]]
    if not table:
        return tables, [], ["No customer was handed from one team to another."]
    if rows[0][1][2] == 0:
        return tables, [], ["No hand-off whose time is over was dropped."]
    return tables, [table[0][3], table[0][2], table[0][4].removesuffix(" %")], [table[0][0], "drops most"]


def verdict(company: Company) -> tuple[list, list]:
    """Numbers and words of the sentence about the claim."""
    found = company.rows("metrics.saturation_verdict", is_claimed_knot=True)
    if not found or not found[0]["experiments"]:
        return [], ["No experiment is known."]
    (row,) = found
    knot = number(decimal(row["knot"]) * 100)
    if row["verdict"] == "too_little_data":
        numbers = [knot, number(row["experiments_below"]), number(row["experiments_above"])]
        return numbers, ["too few or too unsure", "began below", "at or above it"]
    numbers = [number(decimal(row[name]) * 100_000, 2) for name in ("return_change", "return_change_se")]
    means = [number(decimal(row[name]) * 100_000, 2) for name in ("return_below", "return_above")]
    words = [row["verdict"].removesuffix("s"), "lift in %", "below it", "beyond it"]
    return [knot, means[0], "1,000", means[1], *numbers], words


def saturation(company: Company) -> Wanted:
    names = {row["experiment_id"]: row["experiment_name"] for row in company.rows("marts.fct_experiments")}
    rows = company.rows("metrics.conversion_saturation")
    rows.sort(key=lambda row: (row["ended_on"], row["experiment_id"]))
    table = [
        [
            names[row["experiment_id"]],
            f"{row['ended_on']:%Y-%m-%d}",
            share(row["lift"]),
            span(row["lift_low"], row["lift_high"], 1, 100),
            share(row["shrunken_lift"]),
            share(row["cumulative_lift"]),
            number(None if row["return_on_spend"] is None else decimal(row["return_on_spend"]) * 100_000, 2),
        ]
        for row in rows
    ]
    header = ["experiment", "ended on", "lift", "95 % interval", "shrunken lift", "cumulative lift before"]
    header.append(f"lift in % per 1,000{company.money_unit}")
    return [["Experiments", header, *table]], *verdict(company)


def forecasts(company: Company) -> Wanted:
    rows = [row for row in company.rows("marts.forecast_fits") if row["model"] in MODELS]
    rows.sort(key=lambda row: (not row["is_chosen"], row["model"]))
    table = [
        [
            MODELS[row["model"]],
            yes(row["is_chosen"]),
            number(row["n_customers"]),
            number(row["holdout_actual"]),
            *(number(row[name], 2) for name in ("holdout_predicted", "holdout_mae", "naive_mae")),
            *(number(row[name], 2) for name in ("holdout_rmse", "naive_rmse")),
            row["reason"],
        ]
        for row in rows
    ]
    header = ["model", "chosen", "customers", "actual", "predicted", "mean error", "naive mean error", "RMSE"]
    tables = [["Models", [*header, "naive RMSE", "remark"], *table]]
    chosen = [row for row in rows if row["is_chosen"]]
    if not chosen:
        return tables, [], ["Nothing is forecast."]
    (row,) = chosen
    numbers = [number(row["holdout_predicted"]), number(row["holdout_actual"])]
    numbers += [number(row["holdout_rmse"], 2), number(row["naive_rmse"], 2)]
    values = [row["forecast_value"] for row in company.rows("marts.customer_forecasts")]
    values = [value for value in values if value is not None]
    return tables, [*numbers, number(len(values)), number(sum(values), 2)], [f"{MODELS[row['model']]} is chosen"]


def input_rows(company: Company) -> Wanted:
    counts = ("received", "accepted", *STATES)
    rows = sorted(company.rows("audit.input_reconciliation"), key=lambda row: row["input_table"])
    broken = sorted(company.rows("audit.broken_references"), key=lambda row: (row["input_table"], row["column_name"]))
    columns = ("rows", "distinct_values")
    sums = {name: sum(row[name] for row in rows) for name in counts}
    tables = [
        [
            "Rows by table",
            ["table", *counts],
            *([row["input_table"], *(number(row[name]) for name in counts)] for row in rows),
            ["all tables", *map(number, sums.values())],
        ],
        [
            "Broken references",
            ["table", "column", "rows", "different values"],
            *([row["input_table"], row["column_name"], *(number(row[name]) for name in columns)] for row in broken),
        ],
    ]
    left_out = [name for name in STATES if sums[name]]
    numbers = [number(sums[name]) for name in ("received", "accepted", *left_out)]
    words = left_out or ["No row was left out."]
    return tables, [*numbers, number(sum(row["rows"] for row in broken))], [*words, "Alarms accepted: "]


FIGURES = {
    "satisfied-value": satisfied_value,
    "campaigns": campaigns,
    "time-to-value": time_to_value,
    "quadrants": quadrants,
    "leavers": leavers,
    "team-ratings": team_ratings,
    "quota": quota,
    **{name: employees(name.removeprefix("employees-").replace("-", "_")) for name in SOURCES if "employees-" in name},
    "first-response": first_response,
    "handoffs": handoffs,
    "saturation": saturation,
    "forecasts": forecasts,
    "rows": input_rows,
}


def findings(database: Path, with_employees: bool) -> list[tuple[list, list]]:
    """Numbers and words of each finding at the top of the page."""
    found = []
    _, numbers, words = satisfied_value(Company(database, SOURCES["satisfied-value"]))
    found += [(numbers, words)] if numbers else []
    ranked = ranked_campaigns(Company(database, SOURCES["campaigns"]))
    disagreeing = [row for row in ranked if row["disagree"]]
    worst = max(disagreeing, key=lambda row: row["by_ppp"] - row["by_revenue"], default=None)
    if worst:
        numbers = [
            part
            for measure in ("revenue", "ppp")
            for part in (number(worst[f"{measure}_roi"], 2), place(worst[f"by_{measure}"]), number(len(ranked)))
        ]
        found.append((numbers, [worst["name"], "pays back by revenue", "by satisfied value (PPP"]))
    (_, _, *quadrant_rows), *_ = quadrants(Company(database, SOURCES["quadrants"]))[0]
    reached, missed = quadrant_rows[0][3], quadrant_rows[1][3]
    enough = min(int(stayed) + int(left) for _, stayed, left, *_ in quadrant_rows[:2]) >= 10
    if enough and as_share(missed) > as_share(reached):
        numbers = [
            part
            for _, stayed, left, rate, *_ in (quadrant_rows[1], quadrant_rows[0])
            for part in (rate.removesuffix(" %"), left, str(int(stayed) + int(left)))
        ]
        found.append((numbers, ["Happy customers leave", "without a verified outcome", "of those with one"]))
    if with_employees and (seller := worst_of_the_best(Company(database, SOURCES["quota"]))):
        found.append(seller)
    numbers, words = verdict(Company(database, SOURCES["saturation"]))
    return [*found, (numbers, words)] if numbers else found


def as_share(text: str) -> float:
    return float(text.removesuffix(" %"))


# The companies and their pages.

COMPANIES = {"sample": (), "hard": HARD, "bare": (), "many": MANY, "odd": ODD}
WITH_EMPLOYEES = ("sample", "hard", "odd")
CASES = [
    (company, figure)
    for company in COMPANIES
    for figure in (SOURCES if company in WITH_EMPLOYEES else WITHOUT_EMPLOYEES)
]


def altered(database: Path, company: str, copy: Path) -> Path:
    """A copy of a published database with the relations of another company."""
    shutil.copy(database, copy)
    copy.chmod(0o600)
    statements = list(COMPANIES[company])
    if company == "bare":
        tables = (
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('marts', 'metrics')"
        )
        statements = [f"delete from {name}" for (name,) in query(database, tables) if name != "metrics.metric_catalog"]
    with duckdb.connect(copy) as connection:
        for statement in statements:
            values = {name: value for name, value in NAMES.items() if f"${name}" in statement}
            connection.execute(statement, values or None)
    return copy


@pytest.fixture(scope="session")
def made(sample_build: Built, once) -> Callable[[str], tuple[Path, Path]]:
    """The database of a company and its page."""

    def make(company: str) -> tuple[Path, Path]:
        def write(folder: Path) -> tuple[Path, Path]:
            database = altered(sample_build.database, company, folder / "altered.duckdb")
            with duckdb.connect(database, read_only=True) as connection:
                html = page_of(connection, "position", company in WITH_EMPLOYEES)
            (folder / "index.html").write_text(html, encoding="utf-8")
            return database, folder / "index.html"

        return once(f"page_text_{company}", write)

    return make


@pytest.fixture(scope="session")
def read(opened) -> Callable[[Path], dict]:
    """Everything that a page shows, as texts: see READ."""

    def read_page(path: Path) -> dict:
        page, _ = opened(path)
        found = page.evaluate(READ)
        page.context.close()
        return found

    return read_page


@pytest.fixture(scope="session")
def shown(made, read) -> Callable[[str], tuple[Path, dict]]:
    """The database of a company, and what its page shows."""
    kept: dict[str, tuple[Path, dict]] = {}

    def show(company: str) -> tuple[Path, dict]:
        if company not in kept:
            database, path = made(company)
            kept[company] = database, read(path)
        return kept[company]

    return show


# Comparison.


def table_faults(tables: list, wanted: list) -> list[str]:
    """A sentence for each cell that is not what it must be, and for each row that is missing or too many."""
    if [table[0] for table in tables] != [table[0] for table in wanted]:
        return [f"the tables are {[table[0] for table in tables]}, not {[table[0] for table in wanted]}"]
    faults = []
    for (caption, header, *rows), (_, wanted_header, *wanted_rows) in zip(tables, wanted):
        wanted_rows = wanted_rows or [["none"]]
        if header != wanted_header:
            faults.append(f"{caption}: the columns are {header}, not {wanted_header}")
        if len(rows) != len(wanted_rows):
            faults.append(f"{caption}: {len(rows)} rows, not {len(wanted_rows)}")
        for index, (row, wanted_row) in enumerate(zip(rows, wanted_rows), 1):
            faults += [
                f"{caption}, row {index} ({row[0][:40]}), {column}: shown {cell!r}, must be {value!r}"
                for column, cell, value in zip(wanted_header, row, wanted_row)
                if cell != value
            ]
    return faults


def sentence_faults(sentence: str, numbers: list[str] | None, words: list[str]) -> list[str]:
    """What a sentence lacks of the words, and its numbers, if they are not the wanted ones in the wanted order.

    Without numbers only the words count: how the page says it is free, but some words would be untrue.
    """
    untrue = [word.removeprefix(NOT) for word in words if word.startswith(NOT)]
    words = [word for word in words if not word.startswith(NOT)]
    faults = [f"{word!r} is not in {sentence!r}" for word in words if word not in sentence]
    faults += [f"{word!r} is untrue, in {sentence!r}" for word in untrue if word in sentence]
    if numbers is None:
        return faults
    for word in sorted(words, key=len, reverse=True):
        sentence = sentence.replace(word, " ... ", 1)
    found = re.findall(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?:st|nd|rd|th)?\b", sentence)
    return faults if found == numbers else [*faults, f"the numbers are {found}, not {numbers}, in {sentence!r}"]


@pytest.mark.parametrize("company", COMPANIES)
def test_page_has_the_figures_and_names_their_relations(shown, company):
    figures = shown(company)[1]["figures"]
    wanted = SOURCES if company == "sample" else {name: SOURCES[name] for name in SOURCES if (company, name) in CASES}
    assert {name: figure["sources"] for name, figure in figures.items()} == wanted
    assert list(figures) == list(wanted)


@pytest.mark.parametrize(("company", "figure"), CASES)
def test_tables_show_the_relations(shown, company, figure):
    database, page = shown(company)
    shown_figure = page["figures"][figure]
    wanted, _, _ = FIGURES[figure](Company(database, shown_figure["sources"]))
    faults = table_faults(shown_figure["tables"], wanted)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("company", "figure"), CASES)
def test_sentences_say_what_the_relations_say(shown, company, figure):
    database, page = shown(company)
    shown_figure = page["figures"][figure]
    _, numbers, words = FIGURES[figure](Company(database, shown_figure["sources"]))
    faults = sentence_faults(shown_figure["says"], numbers, words)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("company", COMPANIES)
def test_head_says_what_the_build_knew(shown, company):
    database, page = shown(company)
    facts = Company(database, [])
    build = facts.build
    alarms = build["alarms_accepted"] or "none"
    last = "" if company == "bare" else f" Last complete month: {month_name(facts.last_month)}."
    wanted = (
        f"As of {build['as_of']:%Y-%m-%d %H:%M} UTC. Money in {build['reporting_currency']}, months in"
        f" {build['reporting_timezone']}. Version {build['version']}.{last} Alarms accepted: {alarms}."
    )
    assert page["head"] == wanted


@pytest.mark.parametrize("company", COMPANIES)
def test_findings_are_true_and_none_is_missing(shown, company):
    database, page = shown(company)
    wanted = findings(database, company in WITH_EMPLOYEES)
    if not wanted:
        assert page["findings"] == ["Nothing stands out."]
        return
    assert len(page["findings"]) == len(wanted), page["findings"]
    faults = [
        fault
        for text, (numbers, words) in zip(page["findings"], wanted)
        for fault in sentence_faults(text, numbers, words)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("company", COMPANIES)
def test_no_sentence_says_none_for_a_number(shown, company):
    page = shown(company)[1]
    sentences = [*page["findings"], *(figure["says"] for figure in page["figures"].values())]
    assert not [
        text for text in sentences if re.search(r"\b(was|is|most|within|reach|than|by|to) none\b|\(none\)", text)
    ]


def test_hostile_names_are_text_and_nothing_runs(made, opened):
    _, path = made("hard")
    page, noticed = opened(path)
    assert page.evaluate("typeof window.opened") == "undefined"
    assert page.evaluate("document.querySelectorAll('img, iframe, object, embed, link').length") == 0
    assert page.evaluate("document.scripts.length") == 3
    assert not noticed
    page.evaluate(
        "{ const s = document.createElement('script'); s.textContent = 'window.opened = 3'; document.body.append(s) }"
    )
    assert page.evaluate("typeof window.opened") == "undefined"
    assert any("Content Security Policy" in text for text in noticed)
    page.context.close()


def test_source_holds_hostile_names_only_escaped(made):
    html = made("hard")[1].read_text(encoding="utf-8")
    assert "<script>window.opened" not in html
    assert "</script><script" not in html.replace("</script>\n<script", "")
    assert '<img src=x onerror="' not in html
    policy = unescape(re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1])
    sources = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert sources["default-src"] == "'none'"
    assert all(source.startswith("'sha256-") for source in sources["script-src"].split())


@pytest.mark.parametrize("width", [400, 1280])
def test_long_names_do_not_make_the_page_wider_than_the_window(made, opened, width):
    page, _ = opened(made("hard")[1], width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_many_campaigns_and_segments_leave_the_page_small(made):
    assert made("many")[1].stat().st_size < MAX_BYTES


def test_campaigns_that_are_left_out_are_said(shown):
    text = shown("many")[1]["figures"]["campaigns"]["prose"]
    assert re.search(r"\b25 of (the )?300\b|\b275\b", text)


def test_subjects_that_cannot_be_chosen_are_said(shown):
    page = shown("many")[1]
    assert page["campaigns_offered"] == 301 or re.search(rf"\b{page['campaigns_offered']}\b", page["choice"])


def test_without_employees_no_name_and_no_id_stands_in_the_source(made, sample_build):
    source = unescape(made("many")[1].read_text(encoding="utf-8"))
    employees = query(sample_build.database, "select user_id, user_name from marts.dim_employees")
    found = [word for row in employees for word in row if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source)]
    assert len(employees) == 18
    assert not found


@pytest.mark.parametrize("company", ["sample", "many"])
def test_no_pay_stands_in_the_source(made, sample_build, company):
    published = " from duckdb_columns() where schema_name"
    words = {
        word
        for column in ("table_name", "column_name")
        for (word,) in query(sample_build.pay_database, f"select distinct {column}{published} = 'compensation'")
    } - {word for (word,) in query(sample_build.database, f"select distinct column_name{published} <> 'compensation'")}
    words = {word for word in words if "_" in word} | {"payout", "salary", "bonus", "commission"}
    amounts = {
        text
        for (amount,) in query(sample_build.pay_database, "select payout from compensation.comp_statement_lines")
        if amount and amount >= 100 and amount % 1
        for text in (f"{amount:.2f}", number(amount, 2))
    }
    assert words and amounts
    source = made(company)[1].read_text(encoding="utf-8")
    assert not [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", source)]
    assert not amounts & set(re.findall(r"(?<![\d.,])\d[\d,]*\.\d\d(?!\d)", source))


@pytest.mark.parametrize(
    ("figure", "former", "other"),
    [
        ("campaigns", "51,634.32 EUR", "51,634.33 EUR"),
        ("saturation", ">0.95<", ">0.94<"),
        ("handoffs", "125 of 321 hand-offs", "125 of 322 hand-offs"),
    ],
)
def test_a_changed_number_is_noticed(made, read, tmp_path, figure, former, other):
    database, path = made("sample")
    before, mark, after = path.read_text(encoding="utf-8").partition(f'id="figure-{figure}"')
    assert former in after
    changed = tmp_path / "index.html"
    changed.write_text(before + mark + after.replace(former, other, 1), encoding="utf-8")
    page = read(changed)["figures"][figure]
    wanted, numbers, words = FIGURES[figure](Company(database, page["sources"]))
    faults = table_faults(page["tables"], wanted) + sentence_faults(page["says"], numbers, words)
    assert len(faults) == 1
