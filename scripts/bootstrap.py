"""Make .venv from uv.lock with nothing but Python's standard library at hand.

Debian's python3 comes without pip and without ensurepip; where they are missing, pip's wheel is taken from the package index
and run as it is. PIP_INDEX_URL names another index.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = PROJECT / ".venv"
PIP_VERSION = "25.3"
UV_VERSION = "0.13.8"


def main() -> None:
    """Create the environment, put uv into it, and let uv install what the lock file names."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}.")
    venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    python = ENVIRONMENT / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        pip = [python, fetch_pip(Path(folder)) / "pip"]
        run(*pip, "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}")
    run(ENVIRONMENT / "bin" / "uv", "sync", "--quiet", "--locked", "--compile-bytecode", "--inexact")


def fetch_pip(folder: Path) -> Path:
    """Return a wheel of pip, which Python can run without installing it."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    request = urllib.request.Request(f"{index}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request) as response:
        files = json.load(response)["files"]
    name = f"pip-{PIP_VERSION}-py3-none-any.whl"
    file = next(file for file in files if file["filename"] == name)
    with urllib.request.urlopen(file["url"]) as response:
        wheel = response.read()
    if hashlib.sha256(wheel).hexdigest() != file["hashes"]["sha256"]:
        sys.exit(f"{name} is not what the index says it is.")
    (folder / name).write_bytes(wheel)
    return folder / name


def run(*command: object) -> None:
    """Run a command in the project's folder; leave with its exit code where it fails."""
    environment = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT), "UV_PYTHON_DOWNLOADS": "never"}
    code = subprocess.run([str(part) for part in command], cwd=PROJECT, env=environment).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
