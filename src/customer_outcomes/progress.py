"""The function that long work calls to report its progress."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # the number of steps done, and the number of all steps
