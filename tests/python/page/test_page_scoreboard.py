"""The tiles and the tables of the scoreboard, beside an own computation from the published files."""

import shutil
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pandas as pd
import pytest

from page.conftest import READ_ALL, write_page
from page.test_page_in_a_browser import shown_by_subject

__all__ = ["shown_by_subject"]

UNITS = {  # factor, places, sign
    "money": (1, 2, " EUR"),
    "rate": (100, 1, " %"),
    "score 1-10": (1, 2, ""),
    "score 0-1": (1, 3, ""),
    "points": (1, 1, ""),
    "minutes": (1, 1, " min"),
    "persons": (1, 2, ""),
    "referrals": (1, 2, ""),
}
LAST = date(2026, 6, 1)  # the last complete month of the sample company
TILES = [
    "ppp_yield",
    "csat",
    "nps",
    "customer_retention",
    "outcomes_on_time",
    "time_to_value_90",
    "first_response_median",
    "recommend_realised",
    "cltv_growth",
    "bookings",
]


def number(value: float, factor: int, places: int) -> str:
    exact = (Decimal(repr(float(value))) * factor).quantize(Decimal(10) ** -places, ROUND_HALF_UP)
    return f"{exact + 0:,.{places}f}"


def text(value: float | None, unit: str) -> str:
    factor, places, sign = UNITS[unit]
    return "none" if pd.isna(value) else number(value, factor, places) + sign


def between(low: float, high: float, unit: str) -> str:
    factor, places, _ = UNITS[unit]
    if pd.isna(low) and pd.isna(high):
        return "none"
    return " to ".join("?" if pd.isna(bound) else number(bound, factor, places) for bound in (low, high))


@pytest.fixture(scope="module")
def published(sample_build):
    values = pd.read_parquet(sample_build.published / "metrics" / "metric_values.parquet")
    values["month"] = pd.to_datetime(values["month"]).dt.date
    values["key"] = values["subject_type"] + ":" + values["subject_id"]
    units = pd.read_parquet(sample_build.published / "metrics" / "metric_catalog.parquet").set_index("metric_name")[
        "unit"
    ]
    summary = pd.read_parquet(sample_build.published / "metrics" / "ppp_summary.parquet")
    summary["key"] = summary["subject_type"] + ":" + summary["subject_id"]
    return values, units, summary.set_index("key")


def name_of(rows: pd.DataFrame) -> str:
    kind, name = rows["subject_type"].iloc[0], rows["subject_name"].iloc[0]
    if kind == "company":
        return "Company"
    if kind in ("team", "segment", "channel"):
        words = name.replace("_", " ")
        return words[0].upper() + words[1:]
    return name


def expected_rows(values: pd.DataFrame, metric: str, key: str, unit: str) -> list[list[str]]:
    rows = values[(values["metric_name"] == metric) & (values["key"] == key)].sort_values("month")
    rows = rows[rows["month"] <= LAST]  # the running month begins at as_of, so that nothing of it is known
    return [
        [
            f"{row.month:%b %Y}",
            name_of(rows),
            text(row.value, unit),
            between(row.ci_low, row.ci_high, unit),
            f"{row.n:,}",
            "none" if pd.isna(row.coverage) else f"{number(row.coverage, 100, 1)} %",
        ]
        for row in rows.itertuples()
    ]


def test_every_table_is_the_relation(shown_by_subject, published):
    values, units, _ = published
    assert values["month"].nunique() <= 25  # the page shows all months of this company
    for subject, shown in shown_by_subject.items():
        keys = [subject] if subject else ["team:marketing", "team:sales"]
        assert sorted(shown["cards"]) == sorted(units.index)
        for metric, card in shown["cards"].items():
            expected = [row for key in keys for row in expected_rows(values, metric, key, units[metric])]
            assert card["rows"] == expected, (subject, metric)
            latest = {}
            for row in expected:
                if row[2] != "none":
                    latest[row[1]] = f"{row[1]} {row[2]} {row[0]}"
            assert card["latest"] == (list(latest.values()) or ["no figure"]), (subject, metric)


def expected_tile(rows: pd.DataFrame, unit: str) -> list[str]:
    """The value of the last complete month that has one, its month, n and interval, and the change."""
    rows = rows[rows["month"] <= LAST].sort_values("month").reset_index(drop=True)
    known = rows[rows["value"].notna()]
    if known.empty:
        return ["none", "", "no complete month has a value"]
    last = known.iloc[-1]
    of = f"{last['month']:%b %Y}, n {last['n']:,}"
    if not pd.isna(last["ci_low"]):
        of += f", {between(last['ci_low'], last['ci_high'], unit)}"
    change = ""
    if known.index[-1] > 0 and not pd.isna(rows["value"][known.index[-1] - 1]):
        before = rows.loc[known.index[-1] - 1]
        difference = last["value"] - before["value"]
        shown = text(difference, unit).replace("%", "points")
        change = f"{'+' if difference >= 0 else ''}{shown} since {before['month']:%b %Y}"
        overlaps = before["ci_low"] <= last["value"] <= before["ci_high"]
        if last["ci_low"] <= before["value"] <= last["ci_high"] or (overlaps and not pd.isna(last["ci_low"])):
            change += ", within chance"
    return [text(last["value"], unit), change, of]


def test_every_tile_is_the_relation(shown_by_subject, published):
    values, units, summary = published
    for subject, shown in shown_by_subject.items():
        key = subject or "company:all"
        first, *others = shown["tiles"]
        if key in summary.index:
            row = summary.loc[key]
            assert first[1:] == [text(row["cltv"], "money"), "", f"{row['customers']:,} customers"], key
        else:
            assert first[1:] == ["none", "", "not computed by channel"] and key.startswith("channel:")
        for metric, tile in zip(TILES, others, strict=True):
            rows = values[(values["metric_name"] == metric) & (values["key"] == key)]
            assert tile[1:] == expected_tile(rows, units[metric]), (key, metric)


@pytest.fixture
def altered(opened, sample_build, tmp_path):
    """Open the page of the sample company, in whose published file a statement has changed something."""

    def alter(statement: str):
        database = tmp_path / "published.duckdb"
        shutil.copy(sample_build.database, database)
        database.chmod(0o600)
        with duckdb.connect(database) as connection:
            connection.execute(statement)
        return opened(write_page(database, tmp_path / "index.html", False))

    return alter


def test_the_running_month_is_marked_from_its_first_moment_on(altered):
    page, _ = altered("update audit.build_info set as_of = as_of + interval 1 minute")
    page.select_option("#subject", "company:all")
    shown = page.evaluate(READ_ALL)["cards"]["cltv_growth"]
    page.context.close()
    assert [row[0] for row in shown["rows"]][-2:] == ["Jun 2026", "Jul 2026 (running)"]
    assert "Jul" not in shown["latest"]


def test_a_company_without_marketing_and_sales_opens_with_itself(altered):
    page, noticed = altered("delete from metrics.metric_values where subject_type = 'team'")
    shown = page.evaluate(READ_ALL)["cards"]
    assert page.inner_text("#cards-of") == "Company" and noticed == []
    assert {row[1] for card in shown.values() for row in card["rows"]} == {"Company"}
    page.locator(".card").first.scroll_into_view_if_needed()
    page.wait_for_selector(".card .vega-embed svg")
    page.context.close()
