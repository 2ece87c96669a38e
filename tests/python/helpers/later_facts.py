"""The company of examples/oddities a little later: facts that came late, and a ledger as an older version of the project left it."""

import csv
import json
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb

from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.places.destination import BUILDS
from helpers.builds import DATABASE, Built, copy_published, query, records

FORMER = {"retention": "customer_retention", "recommendations": "referrals_realised", "closed_deals": "bookings"}


def copy_of(built: Built, folder: Path) -> None:
    """Copy a warehouse and what it published as an older project left it, so that the next build follows that build.

    An older project published pay and figures into one folder, and kept the history of builds in the work folder.
    """
    shutil.copy(built.warehouse, folder / "warehouse.duckdb")
    published, pay = copy_published(built, folder), folder / built.pay.name
    figures, paid = (json.loads((place / "contents.json").read_text()) for place in (published, pay))
    contents = {name: figures[name] | paid[name] for name in ("build", "relations")}
    (published / "contents.json").write_text(json.dumps(contents))
    for name in ("compensation", WORKBOOK):
        (pay / name).rename(published / name)
    (folder / "warehouse.work").mkdir()
    (pay / BUILDS).rename(folder / "warehouse.work" / BUILDS)
    (published / DATABASE).chmod(0o644)
    with duckdb.connect(published / DATABASE) as connection:
        connection.execute(f"attach '{pay / DATABASE}' as pay (read_only)")
        connection.execute("create schema compensation")
        for relation in paid["relations"]:
            connection.execute(f"create table {relation} as from pay.{relation}")
    shutil.rmtree(pay)


def use_former_names(folder: Path) -> None:
    """Give the paid metrics their former names, in all four copies of the ledger."""
    names = "metric_name = {name!r}, adjustment_id = replace(adjustment_id, ':{now}', ':{name}')"
    for database, schemas in (
        (folder / "warehouse.duckdb", ("compensation.comp_", "ledger.")),
        (folder / "published" / DATABASE, ("compensation.comp_",)),
    ):
        with duckdb.connect(database) as connection:
            for name, now in FORMER.items():
                for schema in schemas:
                    connection.execute(
                        f"update {schema}closed_lines set metric_name = {name!r} where metric_name = {now!r}"
                    )
                    connection.execute(
                        f"update {schema}adjustments set {names.format(name=name, now=now)} where metric_name = {now!r}"
                    )
            if database.name == DATABASE:
                for relation in ("comp_closed_lines", "comp_adjustments"):
                    file = folder / "published" / "compensation" / f"{relation}.parquet"
                    connection.execute(f"copy compensation.{relation} to '{file}' (format parquet)")


def add_late_charge(built: Built, source: Path) -> None:
    """Add a large charge in a closed month, of a customer that a payee has credit for."""
    account_id, moment = query(
        built.warehouse,
        """
        select transactions.account_id, transactions.transacted_at
        from metrics.metric_evidence as evidence
        inner join marts.fct_transactions as transactions on evidence.source_id = transactions.transaction_id
        inner join compensation.comp_statement_lines as lines
            on evidence.month = lines.period and evidence.user_id = lines.user_id and lines.metric_name = 'cltv_growth'
        where evidence.metric_name = 'cltv_growth' and evidence.month = date '2026-03-01' and lines.attainment < lines.cap
        order by all limit 1
        """,
    )[0]
    with (source / "crm" / "transactions.csv").open(encoding="utf-8") as text:
        header = text.readline().strip().split(",")
    row = {
        "transaction_id": "late",
        "account_id": account_id,
        "transaction_type": "charge",
        "amount": "5000",
        "currency_code": "EUR",
        "transacted_at": moment.isoformat(),
    }
    with (source / "crm" / "transactions.csv").open("a", encoding="utf-8") as text:
        text.write(",".join(row.get(column, "") for column in header) + "\n")


def rated_tickets(built: Built) -> list[dict]:
    """Return the answers about tickets."""
    return [row for row in records(built.database, "marts.fct_survey_responses") if row["about_type"] == "ticket"]


def reassign(built: Built, source: Path) -> set[str]:
    """Give every rated ticket to another supporter, and every deal whose owner at close is kept to another seller.

    Return these deals.
    """
    rated = rated_tickets(built)
    events = source / "support" / "ticket_events.csv"
    with events.open(newline="") as text:
        header = next(csv.reader(text))
    with events.open("a", newline="") as text:
        writer = csv.DictWriter(text, header)
        for row in rated:
            writer.writerow({
                "event_id": f"later_{row['response_id']}", "ticket_id": row["about_id"],
                "occurred_at": (row["responded_at"] + timedelta(minutes=1)).isoformat(),
                "event_type": "assignment", "actor_type": "agent",
                "new_value": "user_14" if row["about_user_id"] != "user_14" else "user_15",
            })  # fmt: skip
    deals = source / "crm" / "opportunities.csv"
    with deals.open(newline="") as text:
        reader = csv.DictReader(text)
        rows, header = list(reader), reader.fieldnames
    kept = [row for row in rows if row["owner_at_close_user_id"]]
    for row in kept:
        row["owner_user_id"] = "user_05" if row["owner_at_close_user_id"] != "user_05" else "user_06"
    with deals.open("w", newline="") as text:
        writer = csv.DictWriter(text, header)
        writer.writeheader()
        writer.writerows(rows)
    return {row["opportunity_id"] for row in kept}
