"""The folder of the dbt project: the root of a checkout or, in an installed package, the copy inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]

_IS_CHECKOUT = (_CHECKOUT / "dbt_project.yml").is_file()

PROJECT_ROOT = _CHECKOUT if _IS_CHECKOUT else _PACKAGE / "project"
# The package sample_company, with its input, lies beside this one in a wheel.
SAMPLE_INPUT = (_CHECKOUT / "examples" if _IS_CHECKOUT else _PACKAGE.parent) / "sample_company" / "input"
