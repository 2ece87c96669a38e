"""The key that a model declares in its meta is unique, in the sample and in random companies; every column is described."""

import json

import duckdb
import pytest


@pytest.mark.parametrize("build", ["oddities_build", "csv_build", "parquet_build"])
def test_declared_keys_are_unique(build, request):
    built = request.getfixturevalue(build)
    nodes = json.loads((built.work_folder / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"].values()
    keys = {
        f"{node['schema']}.{node['alias']}": node["config"]["meta"]["key"]
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["meta"].get("key")
    }
    assert len(keys) > 40
    repeated = []
    with duckdb.connect(built.warehouse, read_only=True) as connection:
        for relation, key in sorted(keys.items()):
            columns = ", ".join(key)
            found = connection.execute(
                f"select {columns} from {relation} group by {columns} having count(*) > 1 limit 1"
            ).fetchall()
            repeated += [f"{relation}: more than one row of {row}" for row in found]
    assert repeated == []


def test_columns_are_described(oddities_build):
    """Every column that a relation has, but for landing and the records, which are the input contract's."""
    manifest = json.loads((oddities_build.work_folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and not {"landing", "records"} & set(node["fqn"])
    ]
    described = {
        (node["schema"], node["alias"], column["name"])
        for node in models
        for column in node["columns"].values()
        if column["description"].strip()
    }
    with duckdb.connect(oddities_build.warehouse, read_only=True) as connection:
        columns = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    relations = {(node["schema"], node["alias"]) for node in models}
    found = {column for column in columns if column[:2] in relations}
    assert len(found) > 1_000
    assert found == described
