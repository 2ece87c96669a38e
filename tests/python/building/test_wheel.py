"""The wheel is complete: installed into an empty environment, it writes a sample, builds it, and traces a payout.

Its build runs in a shell whose variables would decide what dbt does, and publishes the same bytes as any other build.
"""

import json
import os
import ssl
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from customer_outcomes.project import PROJECT_ROOT
from helpers.builds import HOSTILE, LETS_ALL_PASS, differences

UV = Path(sys.executable).with_name("uv")
# the machine's certificates, which a company's proxy may need, as scripts/bootstrap.py does
CERTIFICATES = ["--system-certs"] if ssl.get_default_verify_paths().cafile else []


def run(*command: object, folder: Path, **variables: str) -> str:
    """Run a command in a folder without this checkout's environment, but with `variables`; return its output."""
    foreign = ("PYTHON", "VIRTUAL_ENV", "OUTCOMES_", "DBT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"UV_PYTHON_DOWNLOADS": "never"} | variables
    finished = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, f"{command}\n{finished.stdout}{finished.stderr}"
    return finished.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder of the commands of an environment that holds the wheel and its dependencies, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        UV,
        "build",
        "--quiet",
        "--wheel",
        "--no-build-isolation",
        "--out-dir",
        folder,
        PROJECT_ROOT,
        folder=PROJECT_ROOT,
    )
    locked = ("--no-dev", "--no-emit-project", "--no-hashes", "--locked", "--project", PROJECT_ROOT)
    run(UV, "export", "--quiet", *locked, "--output-file", folder / "locked.txt", folder=folder)
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "environment", folder=folder)
    wheel = next(folder.glob("*.whl"))
    python = folder / "environment" / "bin" / "python"
    constraints = ("--constraints", folder / "locked.txt", *CERTIFICATES)
    run(UV, "pip", "install", "--quiet", "--python", python, *constraints, wheel, folder=folder)
    return folder / "environment" / "bin"


@pytest.fixture(scope="module")
def built(installed, tmp_path_factory) -> Path:
    """The folder, empty at first, in which the installed command built the sample company in a hostile shell."""
    folder = tmp_path_factory.mktemp("empty")
    said = run(
        installed / "outcomes", "build", "--as-of", "2026-07-01", "--vars", str(LETS_ALL_PASS), folder=folder, **HOSTILE
    )
    assert f"published                {folder / 'published'}" in said
    return folder


def test_a_wheel_publishes_the_same_files(built, sample_build):
    for folder, least in ((sample_build.published, 45), (sample_build.pay, 6)):
        published = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))
        assert len(published) > least
        for path in published:
            assert (built / folder.name / path).read_bytes() == (folder / path).read_bytes(), path


def test_no_variable_of_a_shell_decides_what_is_built(built, sample_build):
    schemas = ["landing", "records", "intermediate", "marts", "credit", "metrics", "compensation", "audit"]
    assert differences(built / "build" / "warehouse.duckdb", sample_build.warehouse, schemas) == []
    work_folders = (built / "build" / "warehouse.work", sample_build.work_folder)
    results = [json.loads((folder / "target" / "run_results.json").read_text()) for folder in work_folders]
    ran, expected = ({result["unique_id"] for result in found["results"]} for found in results)
    assert ran == expected and any(name.startswith("test.") for name in ran)


def test_a_wheel_traces_a_payout(built, installed):
    assert "cltv_growth" in run(installed / "outcomes", "trace", "2026-03", "user_05", "cltv_growth", folder=built)


def test_a_wheel_runs_dbt_on_its_warehouse(built, installed):
    shown = run(installed / "outcomes", "dbt", "--quiet", "ls", "--selector", "pay", "--output", "name", folder=built)
    assert "comp_statement_lines" in shown.split()
    run(installed / "outcomes", "dbt", "test", "--select", "assert_ppp_reconciles", folder=built, **HOSTILE)
    assert (built / "build" / "warehouse.work" / "dbt" / "target" / "manifest.json").exists()


def test_a_build_writes_nothing_beside_the_packages(built, installed):
    packages = ("customer_outcomes", "sample_company")
    (wheel,) = installed.parents[1].glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        brought = {name for name in archive.namelist() if name.split("/")[0] in packages}
    (folder,) = (installed.parent / "lib").glob("python*/site-packages")
    files = [path for package in packages for path in (folder / package).rglob("*") if path.is_file()]
    assert {path.relative_to(folder).as_posix() for path in files if path.suffix != ".pyc"} == brought
    # dbt names the rules by a path from the package, and keeps its files about them in its target all the same
    assert list((built / "build" / "warehouse.work" / "target").rglob("_rules__seeds.yml"))


def test_a_wheel_writes_a_sample(installed, tmp_path):
    said = run(installed / "outcomes", "sample", "company", "--accounts", "12", folder=tmp_path)
    assert "26 tables" in said
    assert len(list((tmp_path / "company").rglob("*.csv"))) >= 25
