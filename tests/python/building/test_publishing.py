"""A build publishes the public relations and no others, each with its rows, and publishes nothing if a check fails."""

import json
import os
import shutil

import duckdb
import pyarrow.parquet as pq
import pytest

from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.ledger import collect_copies
from customer_outcomes.places.destination import check_destination
from customer_outcomes.publish import public_relations, publish
from helpers.builds import DATABASE, differences, files_of, query

SCHEMAS = ["marts", "metrics", "audit"]


def manifest_of(built) -> dict:
    return json.loads((built.work_folder / "target" / "manifest.json").read_text())


def test_public_relations_are_published_and_no_other(sample_build):
    relations = public_relations(manifest_of(sample_build)).keys()
    assert relations == json.loads((sample_build.published / "contents.json").read_text())["relations"].keys()
    tables = query(sample_build.database, "select schema_name || '.' || table_name from duckdb_tables()")
    assert {name for (name,) in tables} == relations
    files = {f"{relation.replace('.', '/')}.parquet" for relation in relations}
    assert files_of(sample_build.published).keys() == files | {DATABASE, WORKBOOK, "contents.json"}
    assert relations.isdisjoint({"audit.quarantined_rows", "audit.builds"})


def test_database_and_parquet_hold_the_rows_of_the_warehouse(sample_build):
    contents = json.loads((sample_build.published / "contents.json").read_text())["relations"]
    found = differences(sample_build.database, sample_build.warehouse, SCHEMAS)
    alone = [sentence for sentence in found if sentence.endswith(" is in one alone")]
    assert found == alone and "audit.quarantined_rows is in one alone" in alone
    assert contents.keys().isdisjoint(sentence.removesuffix(" is in one alone") for sentence in alone)
    for relation, count in contents.items():
        path = sample_build.published / f"{relation.replace('.', '/')}.parquet"
        with duckdb.connect(sample_build.database, read_only=True) as connection:
            published = connection.execute(f"select * from {relation}").fetchall()
            assert connection.execute(f"select * from '{path}'").fetchall() == published
        assert len(published) == count == pq.ParquetFile(path).metadata.num_rows


def test_relations_are_in_the_order_of_their_grain(sample_build):
    for relation, grain in public_relations(manifest_of(sample_build)).items():
        keys = query(sample_build.database, f"select {', '.join(grain)} from {relation}")
        assert keys == query(sample_build.database, f"select {', '.join(grain)} from {relation} order by all")
        assert len(set(keys)) == len(keys)


def test_the_published_database_is_read_only(sample_build):
    assert sample_build.database.stat().st_mode & 0o222 == 0


def test_publishing_that_fails_leaves_what_was_published(sample_build, tmp_path):
    """As where the disk is full: here the manifest promises a relation that the warehouse does not have."""
    shutil.copytree(sample_build.published, tmp_path / "published")
    manifest = manifest_of(sample_build)
    node = next(node for node in manifest["nodes"].values() if node["name"] == "fct_transactions")
    node["alias"] = "fct_nothing"
    with pytest.raises(duckdb.CatalogException):
        publish(sample_build.warehouse, manifest, tmp_path / "published", json.dumps, lambda done, of: None)
    assert files_of(tmp_path / "published") == files_of(sample_build.published)


def test_publishing_again_writes_the_same_files(sample_build, tmp_path):
    publish(
        sample_build.warehouse, manifest_of(sample_build), tmp_path / "published", json.dumps, lambda done, of: None
    )
    first, second = files_of(sample_build.published), files_of(tmp_path / "published")
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= {DATABASE, "contents.json"}


@pytest.mark.parametrize("name", ["pub?lished", "[published]", "{a,b}*"])
def test_a_published_folder_is_a_name(sample_build, tmp_path, name):
    """It is written, written again, and its closed periods are read, where it lies beside a folder that it matches."""
    (tmp_path / "published").mkdir()
    check_destination(tmp_path / name, [])
    for _ in range(2):
        publish(sample_build.warehouse, manifest_of(sample_build), tmp_path / name, json.dumps, lambda done, of: None)
    assert differences(tmp_path / name / DATABASE, sample_build.database, SCHEMAS) == []
    assert files_of(tmp_path / name).keys() == files_of(sample_build.published).keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "published"])
    with duckdb.connect() as connection:
        collect_copies(connection, tmp_path / name)
        copies = connection.execute(
            "select copy_name, count(*) from ledger.closed_lines group by all order by all"
        ).fetchall()
    assert [copy for copy, _ in copies] == ["parquet", "published"]
    assert copies[0][1] == copies[1][1] > 0


def test_a_file_system_that_cannot_exchange_names_takes_two_steps(csv_build, sample_build, tmp_path, monkeypatch):
    def refuse(*names):
        raise OSError(22, os.strerror(22))

    monkeypatch.setattr("customer_outcomes.places.destination._exchange", refuse)
    for built in (csv_build, sample_build):
        publish(built.warehouse, manifest_of(built), tmp_path / "published", json.dumps, lambda done, of: None)
    assert differences(tmp_path / "published" / DATABASE, sample_build.database, SCHEMAS) == []
    assert [path.name for path in tmp_path.iterdir()] == ["published"]
