"""The values of results in the form in which JSON holds them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal


def plain(value: object) -> object:
    """Return a value for JSON: decimals as strings without trailing zeros, days and UTC moments in ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value
