"""Reads CSV files that are compressed by gzip or zstd, of one or several members, as the bytes that they hold.

A damaged archive, or one that was cut short, is an error wherever it is read to its end; it never holds fewer rows.
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from customer_outcomes.intake.names import PACKED, kind_of

PIECE_BYTES = 1 << 22
BROKEN = (OSError, EOFError, zlib.error)


class DamagedArchive(ValueError):
    """An archive that cannot be unpacked; the message goes on behind "cannot be read: "."""


def is_packed(path: Path) -> bool:
    """Return whether a file is compressed, by the end of its name."""
    return kind_of(path) in PACKED


def read_head(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of a file, unpacked; no more than these are unpacked.

    Raise DamagedArchive if they cannot be unpacked.
    """
    with _opened(path) as file:
        return _piece(path, file, size)


def unpack(path: Path, target: Path) -> None:
    """Write the bytes that a compressed file holds to a new file; leave none if that fails.

    Raise DamagedArchive if the file cannot be unpacked whole, OSError if the target cannot be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # it may be a link to an input file that an earlier build has left
    try:
        with _opened(path) as file, target.open("wb") as copy:
            while piece := _piece(path, file, PIECE_BYTES):
                copy.write(piece)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> AbstractContextManager[Any]:
    kind = kind_of(path)
    if kind == ".csv.gz":
        return gzip.open(path)
    if kind == ".csv.zst":
        opened: AbstractContextManager[Any] = pa.input_stream(str(path), compression="zstd")
        return opened
    return path.open("rb")


def _piece(path: Path, file: IO[bytes], size: int) -> bytes:
    """Return at most `size` further bytes of a file; none at its end."""
    if not is_packed(path):
        return file.read(size)
    try:
        return file.read(size)
    except BROKEN as error:
        reason = str(error).strip().removesuffix(".") or type(error).__name__
        raise DamagedArchive(f"the archive is damaged or cut short ({reason})") from None
