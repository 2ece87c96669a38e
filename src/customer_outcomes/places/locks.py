"""Locks between builds, and files that only their owner may read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from customer_outcomes.errors import UnusableInput

_umasks: list[int] = []


@contextmanager
def lock(path: Path, is_taken: str) -> Iterator[None]:
    """Hold a lock on a file, or raise UnusableInput with the sentence `is_taken` if another process holds it.

    The operating system releases the lock when the process ends, even if it is killed.
    """
    file = _acquire(path, is_taken)
    try:
        yield
    finally:
        with suppress(OSError):  # the next build can lock a file that stays
            path.unlink()
        os.close(file)


def _acquire(path: Path, is_taken: str) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
                return file  # otherwise the last holder removed the file after this process opened it
        except BlockingIOError:
            os.close(file)
            raise UnusableInput(is_taken) from None
        except BaseException:
            os.close(file)
            raise
        os.close(file)


@contextmanager
def private_files() -> Iterator[None]:
    """Make all files that this process creates in the meantime readable for their owner only."""
    _umasks.append(os.umask(0o077))
    try:
        yield
    finally:
        os.umask(_umasks.pop())


def open_to_readers(folder: Path) -> None:
    """Give a folder and everything in it the permissions that they would have outside of `private_files`."""
    umask = _umasks[0] if _umasks else _umask()
    for place, _, files in os.walk(folder):
        os.chmod(place, 0o777 & ~umask)
        for name in files:
            os.chmod(os.path.join(place, name), 0o666 & ~umask)


def keep_private(folder: Path) -> None:
    """Give a folder and everything in it the permissions of `private_files`, whatever the umask was."""
    for place, _, files in os.walk(folder):
        os.chmod(place, 0o700)
        for name in files:
            os.chmod(os.path.join(place, name), 0o600)


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask
