"""The folder of the dbt project: the root of a checkout or, in an installed package, the copy inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]

PROJECT_ROOT = _CHECKOUT if (_CHECKOUT / "dbt_project.yml").is_file() else _PACKAGE / "project"
SAMPLE_INPUT = PROJECT_ROOT / "examples" / "oddities" / "input"
