"""The key that a model declares in its meta is unique, in the sample and in random companies."""

import json

import duckdb
import pytest


@pytest.mark.parametrize("build", ["sample_build", "csv_build", "parquet_build"])
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
