"""The commands of docs/operations.md work as they are written, and the sentences that it names are those of the code.

Commands in blocks of `sh` run in their order, on a copy of the sample's build; its builds are not made again. The line
of the crontab really builds, from what a backup holds. Blocks without a language are outputs, or commands that install.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from customer_outcomes.project import PROJECT_ROOT, SAMPLE_INPUT
from helpers.builds import OUTCOMES, Built, copy_published, query

pytestmark = pytest.mark.whole_builds(1)

DOCUMENT = (PROJECT_ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
FLOW = PROJECT_ROOT / "examples" / "operations" / "prefect_flow.py"
# Reads the arguments of a build as the command does, and notes them instead of building.
WITHOUT_BUILDING = """
import sys
from customer_outcomes import build, cli
from customer_outcomes.report import summary
def note(arguments):
    with open("builds.txt", "a") as notes:
        notes.write(repr(arguments) + "\\n")
build.Build.run = note
summary.print_summary = lambda outcome: None
cli.app(sys.argv[1:], prog_name="outcomes")
"""
CLOSED = "select * from compensation.comp_{name} order by all"


@pytest.fixture
def folder(tmp_path, sample_build: Built) -> Path:
    """The folder of the document, with the input and what the sample's build published."""
    copy_published(sample_build, tmp_path)
    shutil.copytree(SAMPLE_INPUT, tmp_path / "input")
    commands = tmp_path / "environment" / "bin"
    commands.mkdir(parents=True)
    executable(commands / "outcomes", f'exec {OUTCOMES} "$@"')
    executable(commands / "python", f'exec {sys.executable} "$@"')
    (tmp_path / "environment_new").symlink_to("environment")
    return tmp_path


def executable(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def blocks(language: str) -> list[str]:
    """Return the blocks of a language, also those in lists, without the indentation of the list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", DOCUMENT, re.DOTALL | re.MULTILINE)
    return ["\n".join(line.removeprefix(indent) for line in text.splitlines()) for indent, text in found]


def test_the_commands_run_as_they_are_written(folder, sample_build):
    (folder / "build").mkdir()
    shutil.copy(sample_build.warehouse, folder / "build" / "warehouse.duckdb")
    shutil.copy(PROJECT_ROOT / "scripts" / "compare_published.py", folder)
    (folder / "without_building.py").write_text(WITHOUT_BUILDING)
    noting = f'exec {sys.executable} {folder}/without_building.py "$@"'
    executable(folder / "environment" / "bin" / "outcomes", f'case $1 in build) {noting};; esac\nexec {OUTCOMES} "$@"')
    script = "set -e\n" + "\n".join(blocks("sh")).replace("/srv/outcomes", str(folder))
    finished = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    builds = (folder / "builds.txt").read_text().splitlines()
    assert len(builds) == script.count("outcomes build ") == 6
    assert "crm.transactions" in finished.stdout and "57 relations" not in finished.stderr
    [day] = (folder / "backup").iterdir()
    backup = json.loads((day / "published_pay" / "contents.json").read_text())
    assert backup["relations"]["compensation.comp_period_closes"] > 0
    assert json.loads((folder / "check.json").read_text())["status"] == "done"


def test_the_line_of_the_crontab_builds_from_a_backup(folder, sample_build):
    """As cron runs it: in its few variables, where % stands for the end of the line. Closed months come back."""
    shutil.rmtree(folder / "published")
    (folder / "log").mkdir()
    [table] = blocks("crontab")
    [line] = [line for line in table.splitlines() if not line.startswith("MAILTO")]
    minute, hour, *days, command = line.split(maxsplit=5)
    assert (minute, hour, days) == ("15", "5", ["*", "*", "*"])
    assert "%" not in command.replace("\\%", "")
    command = command.replace("\\%", "%").replace("/srv/outcomes", str(folder))
    finished = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(folder), "LOGNAME": "outcomes", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
        | {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    [log] = (folder / "log").iterdir()
    assert log.name.startswith(str(date.today().year)) and json.loads(log.read_text())["status"] == "done"
    database = folder / "published_pay" / sample_build.pay_database.name
    for name in ("closed_lines", "period_closes"):
        known = query(sample_build.pay_database, CLOSED.format(name=name))
        assert known and set(known) <= set(query(database, CLOSED.format(name=name)))
    assert len((folder / "published_pay" / "builds.jsonl").read_text().splitlines()) == 2


@pytest.fixture
def flow(folder, monkeypatch) -> dict:
    """The flow of Prefect with decorators that do nothing, because Prefect is no dependency."""
    prefect = ModuleType("prefect")
    said: list[str] = []
    prefect.flow, prefect.task = (lambda name: lambda function: function), (lambda function: function)
    log = SimpleNamespace(info=lambda text, *rest: said.append(text % rest), warning=said.append)
    prefect.get_run_logger = lambda: log
    monkeypatch.setitem(sys.modules, "prefect", prefect)
    monkeypatch.setenv("OUTCOMES_FOLDER", str(folder))
    return runpy.run_path(str(FLOW)) | {"said": said}


def test_the_flow_logs_the_ages_and_the_figures(flow, folder):
    result = {"remarks": ["A remark."], "figures": {"customers": 1}, "tables": [{"input_table": "t", "age_days": 3}]}
    executable(folder / "environment" / "bin" / "outcomes", f"echo '{json.dumps(result)}'")
    flow["daily"]()
    assert flow["said"] == ["newest rows, in days: {'t': 3}", "A remark.", "published: {'customers': 1}"]


def test_a_failed_command_fails_the_flow_with_its_sentences(flow, folder):
    shutil.rmtree(folder / "input" / "crm")
    with pytest.raises(RuntimeError, match=r"exit code 2\n.* has no crm/accounts.csv or .parquet"):
        flow["daily"]()


def test_the_sentences_on_call_are_those_of_the_code():
    table = DOCUMENT.split("## On call")[1]
    named = [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in table.splitlines() if row.startswith("| `")]
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT_ROOT / "src").rglob("*.py")))
    source = re.sub(r'"\s*\n\s*f?"', "", source)
    assert len(named) > 12
    of_the_system = {"No space left on device"}
    assert [part for parts in named for part in parts if part not in source and part not in of_the_system] == []
