"""The wheel is complete: installed into an empty environment, it writes a sample, builds it, and traces a payout."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from customer_outcomes.project import PROJECT_ROOT

UV = Path(sys.executable).with_name("uv")
# the machine's certificates, which a company's proxy may need, as scripts/bootstrap.py does
CERTIFICATES = ["--system-certs"] if ssl.get_default_verify_paths().cafile else []


def run(*command: object, folder: Path) -> str:
    """Run a command in a folder without this checkout's environment; return its output."""
    foreign = ("PYTHON", "VIRTUAL_ENV", "OUTCOMES_", "DBT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"UV_PYTHON_DOWNLOADS": "never"}
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


def test_a_wheel_builds_the_sample_company_in_an_empty_folder(installed, tmp_path, sample_build):
    package = next((installed.parent / "lib").glob("python*/site-packages/customer_outcomes"))
    brought = {path for path in package.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"}
    said = run(installed / "outcomes", "build", "--as-of", "2026-07-01", folder=tmp_path)
    assert f"published                {tmp_path / 'published'}" in said
    published = sorted(path.relative_to(sample_build.published) for path in sample_build.published.rglob("*.parquet"))
    assert len(published) > 50
    for path in published:
        assert (tmp_path / "published" / path).read_bytes() == (sample_build.published / path).read_bytes(), path
    traced = run(installed / "outcomes", "trace", "2026-03", "user_05", "cltv_growth", folder=tmp_path)
    assert "cltv_growth" in traced
    assert {path for path in package.rglob("*") if path.suffix != ".pyc" and path.name != "__pycache__"} == brought


def test_a_wheel_writes_a_sample(installed, tmp_path):
    said = run(installed / "outcomes", "sample", "company", "--accounts", "12", folder=tmp_path)
    assert "25 tables" in said
    assert len(list((tmp_path / "company").rglob("*.csv"))) >= 25
