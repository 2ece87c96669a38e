"""A build publishes the public relations and no others, each with its rows, and publishes nothing if a check fails.

Pay is published into a folder of its own, and nothing of it into the one that BI tools read.
"""

import json
import os
import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from customer_outcomes.errors import FailedCheck
from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.ledger import collect_copies
from customer_outcomes.places.destination import PAGE, check_destination
from customer_outcomes.places.paths import pay_folder
from customer_outcomes.publish import public_nodes, public_relations, publish
from helpers.builds import (
    DATABASE,
    copy_published,
    differences,
    files_of,
    folders,
    manifest_of,
    publish_again,
    query,
)

SCHEMAS = ["marts", "metrics", "audit"]
# what only pay may tell; round amounts are left out, because many prices are the same
NAMES_OF_PAY = (
    "adjustment_id from compensation.comp_adjustments",
    "plan_id from compensation.comp_statement_lines",
    "content_sha256 from compensation.comp_period_closes",
)
AMOUNTS_OF_PAY = (
    "payout from compensation.comp_statement_lines where round(payout, 0) <> payout",
    "scenario_payout from compensation.comp_what_if where round(scenario_payout, 0) <> scenario_payout",
    "payout_total from compensation.comp_period_closes where payout_total <> 0",
    "amount from compensation.comp_adjustments where round(amount, 0) <> amount",
)


def relations_in(folder: Path) -> dict[str, int]:
    return json.loads((folder / "contents.json").read_text())["relations"]


def test_public_relations_are_published_and_no_other(oddities_build):
    relations = public_relations(manifest_of(oddities_build)).keys()
    figures, pay = relations_in(oddities_build.published).keys(), relations_in(oddities_build.pay).keys()
    assert figures | pay == relations and not figures & pay
    assert {relation.split(".")[0] for relation in figures} == set(SCHEMAS)
    assert {relation.split(".")[0] for relation in pay} == {"compensation"}
    for folder, published, more in (
        (oddities_build.published, figures, {PAGE}),
        (oddities_build.pay, pay, {WORKBOOK, "builds.jsonl"}),
    ):
        tables = query(folder / DATABASE, "select schema_name || '.' || table_name from duckdb_tables()")
        assert {name for (name,) in tables} == published
        files = {f"{relation.replace('.', '/')}.parquet" for relation in published}
        assert files_of(folder).keys() == files | {DATABASE, "contents.json"} | more
    assert relations.isdisjoint({"audit.quarantined_rows", "audit.builds"})


def test_neither_folder_leads_to_the_other(oddities_build):
    """Each is a whole by itself: no schema, view, link or attached file of one is of the other."""
    schemas = "select distinct schema_name from duckdb_schemas() where not internal and schema_name <> 'main'"
    assert {name for (name,) in query(oddities_build.database, schemas)} == set(SCHEMAS)
    assert query(oddities_build.pay_database, schemas) == [("compensation",)]
    for folder, other in (
        (oddities_build.published, oddities_build.pay),
        (oddities_build.pay, oddities_build.published),
    ):
        views = "select count(*) from duckdb_views() where not internal"
        assert query(folder / DATABASE, views) == [(0,)]
        for path in folder.rglob("*"):
            assert not path.is_symlink()
            assert path.is_dir() or path.stat().st_nlink == 1
            assert path.is_dir() or os.fsencode(other) not in path.read_bytes()


def test_no_pay_is_published_with_the_figures(oddities_build):
    """No column is one of pay, and no value names a plan or an adjustment, or is an amount that somebody is paid."""
    statement = "select distinct column_name from duckdb_columns() where not internal"
    columns = {name for (name,) in query(oddities_build.database, statement)}
    of_pay = {name for (name,) in query(oddities_build.pay_database, statement)}
    assert {"payout", "target_pay", "scenario_payout", "adjustment_id", "attainment", "reason"} <= of_pay
    told = [
        name for name in columns if re.search("pay(out|_total)|target_pay|adjustment|attainment|proration|plan", name)
    ]
    assert told == []
    names, amounts = (
        {str(value) for statement in secrets for (value,) in query(oddities_build.pay_database, f"select {statement}")}
        for secrets in (NAMES_OF_PAY, AMOUNTS_OF_PAY)
    )
    assert len(names) > 15 and len(amounts) > 250
    published = {
        str(value)
        for relation in relations_in(oddities_build.published)
        for row in query(oddities_build.database, f"from {relation}")
        for value in row
    }
    assert len(published) > 5000
    assert published & names == set()
    assert len(published & amounts) < 0.05 * len(amounts)  # a price may be the same by chance
    contents = (oddities_build.published / "contents.json").read_text()
    assert not [value for value in names | amounts if f'"{value}"' in contents or f" {value}" in contents]


def test_database_and_parquet_hold_the_rows_of_the_warehouse(oddities_build):
    schemas = {oddities_build.published: SCHEMAS, oddities_build.pay: ["compensation"]}
    for folder, own in schemas.items():
        contents = relations_in(folder)
        found = differences(folder / DATABASE, oddities_build.warehouse, own)
        alone = [sentence for sentence in found if sentence.endswith(" is in one alone")]
        assert found == alone
        assert contents.keys().isdisjoint(sentence.removesuffix(" is in one alone") for sentence in alone)
        for relation, count in contents.items():
            path = folder / f"{relation.replace('.', '/')}.parquet"
            with duckdb.connect(folder / DATABASE, read_only=True) as connection:
                published = connection.execute(f"select * from {relation}").fetchall()
                assert connection.execute(f"select * from '{path}'").fetchall() == published
            assert len(published) == count == pq.ParquetFile(path).metadata.num_rows


def test_every_table_and_column_has_its_description(oddities_build):
    """As the comment in DuckDB and as metadata of Parquet, with the text of the manifest, doc blocks resolved."""
    described = {}
    for node in public_nodes(manifest_of(oddities_build)):
        texts = {None: node["description"], **{name: own["description"] for name, own in node["columns"].items()}}
        described[f"{node['schema']}.{node['alias']}"] = {name: " ".join(text.split()) for name, text in texts.items()}
    assert "{{" not in str(described) and len(described) > 50
    for folder in (oddities_build.published, oddities_build.pay):
        comments = query(
            folder / DATABASE,
            "select schema_name || '.' || table_name, null, comment from duckdb_tables() union all"
            " select schema_name || '.' || table_name, column_name, comment from duckdb_columns() where not internal",
        )
        assert all(comment for _, _, comment in comments)
        for relation in relations_in(folder):
            found = {name: comment for table, name, comment in comments if table == relation}
            assert found == described[relation]
            schema = pq.read_schema(folder / f"{relation.replace('.', '/')}.parquet")
            metadata = {key.decode(): text.decode() for key, text in schema.metadata.items()}
            assert metadata == {f"description.{name}" if name else "description": text for name, text in found.items()}
            assert [f"description.{name}" for name in schema.names] == list(metadata)[1:]


def test_the_catalogue_of_metrics_is_published_with_every_metric(oddities_build):
    catalogue = "select metric_name, unit, direction from metrics.metric_catalog"
    rows = query(oddities_build.database, f"{catalogue} order by 1")
    assert rows == query(oddities_build.warehouse, f"{catalogue} order by 1")
    assert {name for name, _, _ in rows} == {
        name for (name,) in query(oddities_build.database, "select distinct metric_name from metrics.metric_values")
    }


def test_a_month_is_a_date_everywhere(oddities_build):
    statement = "select table_name, data_type from duckdb_columns() where not internal and column_name = 'month'"
    months = [
        row for folder in (oddities_build.published, oddities_build.pay) for row in query(folder / DATABASE, statement)
    ]
    assert len(months) > 8 and {kind for _, kind in months} == {"DATE"}


def test_relations_are_in_the_order_of_their_grain(oddities_build):
    for relation, grain in public_relations(manifest_of(oddities_build)).items():
        is_pay = relation.startswith("compensation.")
        database = oddities_build.pay_database if is_pay else oddities_build.database
        keys = query(database, f"select {', '.join(grain)} from {relation}")
        assert keys == query(database, f"select {', '.join(grain)} from {relation} order by all")
        assert len(set(keys)) == len(keys)


def test_the_published_database_is_read_only(oddities_build):
    assert oddities_build.database.stat().st_mode & 0o222 == 0
    assert oddities_build.pay_database.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("name", ["fct_transactions", "comp_credits"])
def test_publishing_that_fails_leaves_what_was_published(oddities_build, tmp_path, name):
    """As where the disk is full: here the manifest promises a relation that the warehouse does not have."""
    published = copy_published(oddities_build, tmp_path)
    manifest = manifest_of(oddities_build)
    node = next(node for node in manifest["nodes"].values() if node["name"] == name)
    node["alias"] = "nothing"
    at_fault = pay_folder(published) if name == "comp_credits" else published
    with pytest.raises(FailedCheck, match=f"^{at_fault}: Catalog Error"):
        publish(oddities_build.warehouse, manifest, *folders(published), lambda done, of: None)
    assert files_of(published) == files_of(oddities_build.published)
    assert files_of(pay_folder(published)) == files_of(oddities_build.pay)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published", "published_pay"]


def test_publishing_again_writes_the_same_files(oddities_build, tmp_path):
    publish_again(oddities_build, tmp_path / "published")
    for first, second in (
        (files_of(oddities_build.published), files_of(tmp_path / "published")),
        (files_of(oddities_build.pay), files_of(tmp_path / "published_pay")),
    ):
        first.pop("builds.jsonl", None)
        assert first.keys() == second.keys()
        differing = {name for name in first if first[name] != second[name]}
        assert differing <= {DATABASE, "contents.json", PAGE}  # publish_again writes an empty page


@pytest.mark.parametrize("name", ["pub?lished", "[published]", "{a,b}*"])
def test_a_published_folder_is_a_name(oddities_build, tmp_path, name):
    """It is written, written again, and its closed periods are read, where it lies beside a folder that it matches."""
    (tmp_path / "published").mkdir()
    check_destination(tmp_path / name, [])
    for _ in range(2):
        publish_again(oddities_build, tmp_path / name)
    assert differences(tmp_path / name / DATABASE, oddities_build.database, SCHEMAS) == []
    assert files_of(tmp_path / name).keys() == files_of(oddities_build.published).keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, f"{name}_pay", "published"])
    with duckdb.connect() as connection:
        collect_copies(connection, tmp_path / f"{name}_pay")
        copies = connection.execute(
            "select copy_name, count(*) from ledger.closed_lines group by all order by all"
        ).fetchall()
    assert [copy for copy, _ in copies] == ["parquet", "published"]
    assert copies[0][1] == copies[1][1] > 0


def test_a_file_system_that_cannot_exchange_names_takes_two_steps(csv_build, oddities_build, tmp_path, monkeypatch):
    def refuse(*names):
        raise OSError(22, os.strerror(22))

    monkeypatch.setattr("customer_outcomes.places.destination._exchange", refuse)
    for built in (csv_build, oddities_build):
        publish_again(built, tmp_path / "published")
    assert differences(tmp_path / "published" / DATABASE, oddities_build.database, SCHEMAS) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["published", "published_pay"]
