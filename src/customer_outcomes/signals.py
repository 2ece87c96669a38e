"""SIGINT and SIGTERM end a command with one sentence, at whatever moment they come.

A thread waits for them; they are blocked everywhere else, so that neither dbt nor DuckDB, nor code that is in the
middle of a long call, has a part in it. The process then ends at once, as if it were killed: whoever reads the
published folder reads the last good version, locks go with the process, and the next build removes what is left. The
one thing that is waited for is an exchange of the published folder that has begun.
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
    """Wait for a signal from now on; one that this process was told to ignore stays ignored."""
    heard = {number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    if heard:
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)  # threads that begin later have it from this one
        threading.Thread(target=_wait, args=(heard,), daemon=True, name="signals").start()


def console_by(sentence: str) -> None:
    """Say this, too, where a signal ends the command."""
    global _consolation
    _consolation = sentence


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put a signal off until this is done."""
    with _uninterrupted:
        yield


def _wait(heard: set[signal.Signals]) -> None:
    number = signal.sigwait(heard)
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
