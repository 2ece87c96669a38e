"""SIGINT and SIGTERM end a command with one sentence, at whatever moment they come.

Python writes a signal's number into a pipe at once, whatever its threads do, and a thread waits for it there, so that
neither dbt nor DuckDB, nor code that is in the middle of a long call, has a part in it. The process then ends at once,
as if it were killed: whoever reads the published folder reads the last good version, locks go with the process, and
the next build removes what is left. The one thing that is waited for is an exchange of the published folder that has
begun.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_uninterrupted = threading.RLock()
_consolation = ""


def listen() -> None:
    """Wait for a signal from now on, also where who started the command in the background had it ignore SIGINT."""
    heard, told = os.pipe()
    os.set_blocking(told, False)
    for number in SIGNALS:
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(heard,), daemon=True, name="signals").start()


def _nothing(number: int, frame: object) -> None:
    """Leave a signal to the thread that waits for it."""


def console_by(sentence: str) -> None:
    """Say this, too, where a signal ends the command."""
    global _consolation
    _consolation = sentence


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put a signal off until this is done."""
    with _uninterrupted:
        yield


def _wait(heard: int) -> None:
    while (number := os.read(heard, 1)[0]) not in SIGNALS:
        pass  # somebody else's
    with _uninterrupted:
        said = f"Stopped by {signal.Signals(number).name}.\n" + (f"{_consolation}\n" if _consolation else "")
        # a line that shows progress hides the cursor and is not ended
        restored = "\x1b[?25h\n" if os.isatty(2) else ""
        try:
            os.write(2, (restored + said).encode(errors="replace"))
        except OSError:
            pass  # nobody listens
        finally:
            os._exit(128 + number)
