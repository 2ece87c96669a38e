"""Lengths of time, and the moments at which clocks change."""

from __future__ import annotations

from datetime import datetime, timedelta

DAY, SECOND, TICK = timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1)
HOUR = DAY / 24
YEAR = 365 * DAY
# var inactive_after_days
SILENCE = 400 * DAY
CLOCK_CHANGES = [
    *(datetime(2023, 3, 26, 1), datetime(2023, 10, 29, 1), datetime(2024, 10, 27, 1), datetime(2025, 3, 30, 1)),
    *(datetime(2024, 3, 10, 7), datetime(2024, 11, 3, 6)),  # New York
    *(datetime(2023, 9, 30, 15, 30), datetime(2024, 4, 6, 15), datetime(2024, 10, 5, 15, 30)),  # Lord Howe
    *(datetime(2023, 9, 3, 4), datetime(2024, 4, 7, 3), datetime(2024, 9, 8, 4)),  # Santiago
]
