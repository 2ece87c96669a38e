"""Make .venv from uv.lock with only Python's standard library.

Debian's python3 has neither pip nor ensurepip. In that case pip's wheel is downloaded from the package index and run
without an installation. The environment variable PIP_INDEX_URL names another index.
"""

import hashlib
import importlib.util
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
ENVIRONMENT = PROJECT / ".venv"
PIP_WHEEL = "pip-25.3-py3-none-any.whl"
UV_VERSION = "0.13.8"


def main() -> None:
    """Create the environment, install uv into it, and let uv install the packages of the lock file."""
    if sys.version_info < (3, 11):
        sys.exit(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}.")
    has_pip = importlib.util.find_spec("ensurepip") is not None
    venv.create(ENVIRONMENT, with_pip=has_pip, symlinks=True)
    python = ENVIRONMENT / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        pip = (python, "-m", "pip") if has_pip else (python, fetch_pip(Path(folder)) / "pip")
        run(*pip, "install", "--quiet", "--disable-pip-version-check", f"uv=={UV_VERSION}")
    # The machine's certificates are used if it has any, because only they include the proxy of a company.
    store = ssl.get_default_verify_paths()
    certificates = ["--system-certs"] if store.cafile or store.capath else []
    run(ENVIRONMENT / "bin" / "uv", "sync", "--quiet", "--locked", "--compile-bytecode", "--inexact", *certificates)


def fetch_pip(folder: Path) -> Path:
    """Download pip's wheel into a folder and return its path; Python can run it without an installation."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
    with urllib.request.urlopen(index) as response:
        page = response.read().decode()
    link = re.search(rf'href="([^"#]*{re.escape(PIP_WHEEL)})#sha256=([0-9a-f]+)"', page)
    if not link:
        sys.exit(f"{index} does not offer {PIP_WHEEL}.")
    with urllib.request.urlopen(urllib.parse.urljoin(index, link[1])) as response:
        wheel = response.read()
    if hashlib.sha256(wheel).hexdigest() != link[2]:
        sys.exit(f"{PIP_WHEEL} does not have the SHA-256 that {index} states.")
    (folder / PIP_WHEEL).write_bytes(wheel)
    return folder / PIP_WHEEL


def run(*command: object) -> None:
    """Run a command in the project's folder; if it fails, exit with its exit code."""
    environment = {**os.environ, "VIRTUAL_ENV": str(ENVIRONMENT), "UV_PYTHON_DOWNLOADS": "never"}
    code = subprocess.run([str(part) for part in command], cwd=PROJECT, env=environment).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
