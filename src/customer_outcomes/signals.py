"""SIGINT and SIGTERM end a command with one sentence, at any moment.

Python writes a signal's number into a pipe immediately, and a thread of this module waits at the pipe. So a signal
works even while dbt, DuckDB or another long call runs. The process then ends immediately, as if it were killed: readers
of the published folder see the last good version, locks are released with the process, and the next build removes the
files that this one left. Only an exchange of the published folder that has begun is finished first.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_uninterrupted = threading.RLock()
_stop_note = ""
_stop_folders: list[Path] = []
_stop_report: Callable[[int, list[str]], str] | None = None


def listen() -> None:
    """Wait for signals from now on, even if this process was started in the background and so ignores SIGINT."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    for number in SIGNALS:
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(read_end,), daemon=True, name="signals").start()


def _nothing(number: int, frame: object) -> None:
    """Do nothing: the thread that waits at the pipe handles the signal."""


def set_stop_note(sentence: str) -> None:
    """Set the sentence that is printed, after the name of the signal, when a signal ends the command."""
    global _stop_note
    _stop_note = sentence


def set_stop_report(report: Callable[[int, list[str]], str] | None) -> None:
    """Set the function that returns the text for standard output when a signal ends the command; None prints nothing.

    It is called with the exit code and the sentences on standard error. Another thread calls it while the command
    works, so it must not import modules.
    """
    global _stop_report
    _stop_report = report


@contextmanager
def removed_at_stop(folder: Path) -> Iterator[None]:
    """Remove a folder when a signal ends the command inside this context."""
    _stop_folders.append(folder)
    try:
        yield
    finally:
        _stop_folders.remove(folder)


def stop_note() -> str:
    """Return the last sentence of set_stop_note, which describes the published folders at this moment."""
    return _stop_note


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off the end of the process until this context is left."""
    with _uninterrupted:
        yield


def _wait(read_end: int) -> None:
    while (number := os.read(read_end, 1)[0]) not in SIGNALS:
        pass  # a signal that other code handles
    with _uninterrupted:
        sentences = [f"Stopped by {signal.Signals(number).name}.", *filter(None, [_stop_note])]
        # The progress bar has hidden the cursor and not ended its line.
        restored = "\x1b[?25h\n" if os.isatty(2) else ""
        try:
            with suppress(OSError):  # standard error is closed
                os.write(2, (restored + "\n".join(sentences) + "\n").encode(errors="replace"))
            with suppress(Exception):  # an unfinished result or a closed output must not keep the process alive
                if _stop_report:
                    os.write(1, _stop_report(128 + number, sentences).encode(errors="replace"))
            for folder in _stop_folders * 2:  # the command may write a file while its folder is removed
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os._exit(128 + number)
