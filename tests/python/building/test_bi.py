"""docs/bi.md says the truth: its recipes run as they are written, with the output that it shows, and its relations exist."""

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import DATABASE, query

PAGE = (PROJECT_ROOT / "docs" / "bi.md").read_text(encoding="utf-8")
README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
RECIPES = PAGE.split("\n## Recipes that are run\n")[1].split("\n## ")[0]
PROJECT = ("dbt_project.yml", "profiles.yml", "models", "seeds", "macros", "tests", "analyses", ".dbtignore")
REFUSED = 'IO Error: Cannot open file "{path}": Permission denied'
AS_ANYBODY = """
import os, sys
import duckdb
if os.geteuid() == 0:  # the permission does not hinder root
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
print(duckdb.connect(sys.argv[1], read_only=True).execute("select count(*) from metrics.metric_catalog").fetchall())
duckdb.connect(sys.argv[1])
"""


def blocks() -> Iterator[tuple[str, str, str | None]]:
    """Return the language, the code and the output shown of each recipe."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", RECIPES, flags=re.MULTILINE | re.DOTALL)
    for (language, text), (following, shown) in pairwise([*found, ("end", "")]):
        if language:
            yield language, text, None if following else shown


def differs(wanted: str, found: str) -> str | None:
    """Return both outputs if they differ; `...` stands for anything."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return None if doctest.OutputChecker().check_output(wanted, found, flags) else f"shown:\n{wanted}\nfound:\n{found}"


@pytest.fixture(scope="module")
def place(sample_build, tmp_path_factory) -> Path:
    """A folder as the recipes expect it: with the published folder, the project, and a warehouse to open."""
    folder = tmp_path_factory.mktemp("bi")
    (folder / "published").symlink_to(sample_build.published)
    for name in PROJECT:
        (folder / name).symlink_to(PROJECT_ROOT / name)
    (folder / "build").mkdir()
    shutil.copy(sample_build.warehouse, folder / "build" / "warehouse.duckdb")
    return folder


def run(language: str, code: str, place: Path) -> str:
    """Run a recipe as a reader would; return its output."""
    command = ["sh", "-e", "-c", code] if language == "sh" else [sys.executable, "-c", code]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "OUTCOMES_"))}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    finished = subprocess.run(command, cwd=place, env=kept, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, f"{code}\n{finished.stdout}{finished.stderr}"
    return finished.stdout


@pytest.mark.parametrize(("language", "code", "shown"), [recipe for recipe in blocks() if "streamlit" not in recipe[1]])
def test_a_recipe_prints_what_the_page_shows(place, language, code, shown):
    assert shown is not None, "the page shows no output"
    found = run(language, code, place)
    assert found.strip() and not differs(shown, found), differs(shown, found)


def test_every_tool_has_a_recipe():
    titles = re.findall(r"^### (.+)$", RECIPES, flags=re.MULTILINE)
    assert len(titles) == 7 and {language for language, _, _ in blocks()} == {"sh", "python"}
    for title, section in zip(titles, re.split(r"^### .+$", RECIPES, flags=re.MULTILINE)[1:], strict=True):
        assert re.search(r"^```(sh|python)$", section, flags=re.MULTILINE), title


def test_another_output_is_noticed():
    assert not differs("team,value\nsales,...\n", "team,value\nsales,1.5\n")
    assert differs("team,value\nsales,...\n", "team,value\nmarketing,1.5\n")


def test_the_dashboard_shows_any_metric(place, monkeypatch):
    (code,) = [code for _, code, _ in blocks() if "streamlit" in code]
    (place / "app.py").write_text(code)
    monkeypatch.chdir(place)
    app = AppTest.from_file(str(place / "app.py"), default_timeout=60).run()
    metrics, kinds = (box.options for box in app.selectbox)
    assert not app.exception and app.title[0].value == "Shared metrics" and app.caption[0].value == "As of 2026-07-01"
    assert len(metrics) == len(query(place / "published" / DATABASE, "from metrics.metric_catalog"))
    for kind in kinds:
        app.selectbox[0].set_value("first_response_median")
        app.selectbox[1].set_value(kind)
        app.run()
        assert not app.exception and "minutes, better down" in app.markdown[0].value


def test_the_csv_file_opens_in_excel(place):
    (code,) = [code for _, code, _ in blocks() if "to_csv" in code]
    run("python", code, place)
    text = (place / "scoreboard.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbfmonth,bookings,")
    months = "select count(distinct month) from metrics.metric_values where is_complete"
    assert query(place / "published" / DATABASE, months) == [(len(text.decode().splitlines()) - 1,)]


def test_the_table_of_charts_names_relations_and_columns_that_exist(sample_build):
    rows = re.findall(r"^\| [^|]+ \| (`[a-z]+\.[^|]+) \| ([^|]+) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) > 12
    statement = "select schema_name || '.' || table_name, column_name from duckdb_columns() where not internal"
    columns = set(query(sample_build.database, statement))
    for relations, axes in rows:
        known = {name for relation, name in columns if relation in re.findall(r"`([^`]+)`", relations)}
        assert known and set(re.findall(r"`([^`]+)`", axes)) <= known, (relations, axes)


def test_opening_the_file_to_write_is_refused_in_the_words_of_the_page(sample_build):
    """As any user but root: in a folder that everybody may read, because folders of tests are private."""
    assert REFUSED.format(path=f"published/{DATABASE}") in PAGE
    assert REFUSED.format(path=f"published/{DATABASE}") in " ".join(README.split())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(shutil.copy(sample_build.database, folder))  # with its mode
        finished = subprocess.run(
            [sys.executable, "-c", AS_ANYBODY, path], cwd="/", capture_output=True, text=True, check=False
        )
        assert finished.stdout == f"{query(path, 'select count(*) from metrics.metric_catalog')}\n"
        assert finished.stderr.endswith(f"{REFUSED.format(path=path)}\n"), finished.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="the permission hinders every user but root")
def test_root_can_write_into_the_file_as_the_page_warns(sample_build, tmp_path):
    path = Path(shutil.copy(sample_build.database, tmp_path))
    with duckdb.connect(path) as connection:
        connection.execute("create table metrics.written as select 1")
    assert query(path, "from metrics.written") == [(1,)]
