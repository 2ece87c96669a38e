"""A published folder: checks whether builds may write it, locks it, and exchanges the old version for the new one.

A build publishes two folders: one of figures, which BI tools read, and one of pay, which only its owner may read. The
marker of each, contents.json, says which of both it is.

Two files lie beside the folder, or inside it if it cannot be exchanged: `.<name>.lock`, which a build locks from its
first step to its last, and the candidate `.<name>.<token>.next`, the version that is being written. The build that
holds the lock may remove every other candidate, because the build that made it has ended.
"""

from __future__ import annotations

import ctypes
import errno
import fnmatch
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from customer_outcomes.errors import UnusableInput, sentence
from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.places.locks import lock
from customer_outcomes.warehouse import DATABASE

CONTENTS = "contents.json"  # the marker: its presence marks a folder that a build published
PAGE = "index.html"  # the page of figures
BUILDS = "builds.jsonl"  # the history of builds, in the folder of pay
FIGURES, PAY = "figures", "pay"  # what a folder holds, as its marker says; one without these words holds figures
# An older project put all into one folder.
FILES = {FIGURES: (DATABASE, WORKBOOK, PAGE), PAY: (DATABASE, WORKBOOK, BUILDS)}
# Files that file managers and office programs leave in a folder; they may be lost.
PASSING = ("~$*", ".~lock.*", ".DS_Store", "Thumbs.db", "desktop.ini")
CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # the file system does not support renameat2
CANNOT_MOVE = (errno.EBUSY, errno.EXDEV)  # the folder is a mount point


def check_destination(destination: Path, others: list[Path], holds: str = FIGURES) -> None:
    """Raise UnusableInput if publishing cannot work, or would replace a file that no build published.

    `others` are the other files and folders of the build, which the published folder must not overlap; `holds` says
    what the folder is for: FIGURES or PAY.
    """
    option = "--publish-pay" if holds == PAY else "--publish"
    for other in others:
        if destination == other or destination in other.parents or other in destination.parents:
            raise UnusableInput(f"{destination} and {other} overlap; publish into a separate folder.")
    if destination.is_symlink():  # any link that leads somewhere has already been resolved
        raise UnusableInput(f"{destination} is a link that leads in a circle; name another folder.")
    try:
        existing = next(folder for folder in (destination, *destination.parents) if folder.exists())
        if destination.exists() and (not destination.is_dir() or _is_foreign(destination)):
            raise UnusableInput(f"{destination} holds files that no build published; name an empty or a new folder.")
        if not existing.is_dir():
            raise UnusableInput(f"{destination} cannot be made: {existing} is a file.")
        if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
            reason = "is read-only, or its permissions do not let you write"
            raise UnusableInput(
                f"{existing} {reason}, so that nothing can be published into {destination}; name another {option}."
            )
        if read_marker(destination) and _held_by(destination) != holds:
            raise UnusableInput(f"{destination} holds published {_held_by(destination)}; name another {option}.")
        foreign = _foreign_file(destination)
    except OSError as error:
        raise UnusableInput(sentence(error, destination)) from None
    if foreign:
        raise UnusableInput(
            f"{destination} holds {foreign}, which no build published and which would be lost; move it elsewhere."
        )


@contextmanager
def hold(destination: Path) -> Iterator[str | None]:
    """Lock the folder against other builds, and remove the candidates of killed builds.

    Yield the reason why the folder cannot be exchanged as a whole, so that its files are replaced one by one; None if
    it can. Raise UnusableInput if another build holds the lock.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    taken = f"Another build is publishing into {destination}."
    with lock(_spot(destination) / f".{destination.name}.lock", taken):
        _tidy(destination)
        yield _try(destination)


def new_candidate(destination: Path) -> Path:
    """Make and return the folder in which the next version is written."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    candidate = _spot(destination) / f".{destination.name}.{secrets.token_hex(6)}.next"
    candidate.mkdir(mode=0o700)
    return candidate


def swap_in(candidate: Path, destination: Path, last: tuple[str, ...]) -> None:
    """Put the candidate folder in the place of the destination in one step, and remove the old version.

    If the destination cannot be moved, its files are replaced one by one, in the end the files named in `last`.
    """
    if not destination.exists():
        candidate.rename(destination)
        return
    try:
        if candidate.parent == destination:
            _replace_files(candidate, destination, last)
        else:
            _exchange(candidate, destination)
    except OSError as error:
        if error.errno not in (*CANNOT_EXCHANGE, *CANNOT_MOVE):
            raise
        if error.errno in CANNOT_MOVE:
            _replace_files(candidate, destination, last)
        else:
            candidate = _rename_twice(candidate, destination, last)
    _remove(candidate)


def _rename_twice(candidate: Path, destination: Path, last: tuple[str, ...]) -> Path:
    """Exchange the folders by two renames, between which the destination is missing for an instant.

    Return the folder that is no longer needed.
    """
    before = candidate.with_suffix(".last")
    try:
        destination.rename(before)
    except OSError as error:
        if error.errno not in CANNOT_MOVE:
            raise
        _replace_files(candidate, destination, last)
        return candidate
    try:
        candidate.rename(destination)
    except OSError:
        before.rename(destination)
        raise
    return before


def _exchange(first: Path, second: Path) -> None:
    """Exchange two names in one step with renameat2 and RENAME_EXCHANGE, which Python's os does not offer."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    at_current_folder, exchange = -100, 2
    if renameat2(at_current_folder, os.fsencode(first), at_current_folder, os.fsencode(second), exchange):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(second))


def _replace_files(candidate: Path, destination: Path, last: tuple[str, ...]) -> None:
    """Replace the files one by one, then remove the published files that the candidate lacks.

    A reader sees each file whole.
    """
    names = [path.relative_to(candidate) for path in sorted(candidate.rglob("*")) if path.is_file()]
    names.sort(key=lambda name: last.index(str(name)) if str(name) in last else -1)
    stale = _published_files(destination) - set(map(str, names))
    # Without the marker, a build that is killed here would leave a folder that no later build may write.
    if not (destination / CONTENTS).exists():
        (destination / CONTENTS).write_text(json.dumps({"holds": read_marker(candidate).get("holds")}))
    for name in names:
        (destination / name).parent.mkdir(exist_ok=True)
        (destination / name.parent).chmod((candidate / name.parent).stat().st_mode & 0o777)
        (candidate / name).replace(destination / name)
    for stale_name in stale:
        (destination / stale_name).unlink(missing_ok=True)
        with suppress(OSError):
            (destination / stale_name).parent.rmdir()


def _spot(destination: Path) -> Path:
    """Return the folder for the lock and the candidate: the parent, or the destination itself if it cannot be moved."""
    is_fixed = destination.is_dir() and (_is_mount(destination) or not _is_writable(destination.parent))
    return destination if is_fixed else destination.parent


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def _is_mount(folder: Path) -> bool:
    """Return whether a folder is a mount point, also of its own file system, which os.path.ismount does not see."""
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return os.path.ismount(folder)
    places = {re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), line.split()[4]) for line in mounts}
    return os.fsencode(folder) in places


def _try(destination: Path) -> str | None:
    """Return the reason why the folder cannot be exchanged as a whole, else None; readers do not notice the attempt.

    Raise OSError if nothing can be written.
    """
    if _spot(destination) == destination:
        probe = new_candidate(destination)
        probe.rmdir()
        why = "is a mount point" if _is_mount(destination) else f"lies in {destination.parent}, which is read-only"
        return f"{destination} {why}, so that its files are replaced one by one."
    probe = new_candidate(destination)
    try:
        (probe / CONTENTS).write_text("")
        if destination.exists():
            # A folder can be renamed only onto an empty folder. So this always fails, but with another error if the
            # destination cannot be moved at all.
            destination.rename(probe)
    except OSError as error:
        if error.errno in CANNOT_MOVE:
            return f"{destination} cannot be moved ({error.strerror}), so that its files are replaced one by one."
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    finally:
        shutil.rmtree(probe, ignore_errors=True)
    return None


def _tidy(destination: Path) -> None:
    """Remove the candidates of killed builds, and put back a version that a killed build had just renamed."""
    name = re.escape(destination.name)
    for spot in {destination.parent, destination}:
        if not spot.is_dir():
            continue
        left = [path for path in spot.iterdir() if re.fullmatch(rf"\.{name}\.[0-9a-f]{{12}}\.(next|last)", path.name)]
        left = [path for path in left if path.is_dir() and not path.is_symlink()]
        taken_away = sorted((path for path in left if path.suffix == ".last"), key=lambda path: path.stat().st_mtime)
        if taken_away and not destination.exists():
            taken_away[-1].rename(destination)
            left.remove(taken_away[-1])
        for path in left:
            _remove(path)


def _remove(folder: Path) -> None:
    """Remove a version that is no longer needed; if that fails, the next build tries again."""
    with suppress(OSError):
        for place, _, _ in os.walk(folder):
            os.chmod(place, stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


def read_marker(folder: Path) -> dict[str, Any]:
    """Return the content of a folder's marker; nothing if there is none, or none that can be read."""
    try:
        marker = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return marker if isinstance(marker, dict) else {}


def _held_by(folder: Path) -> str:
    """Return what a published folder holds, FIGURES or PAY; a folder of an older project counts as one of figures."""
    return PAY if read_marker(folder).get("holds") == PAY else FIGURES


def _published_files(folder: Path) -> set[str]:
    """Return the relative names of the published files in a folder, found by the relations that its marker lists."""
    marker = read_marker(folder)
    files = {f"{relation.replace('.', '/')}.parquet" for relation in marker.get("relations", marker)}
    return {name for name in files.union(FILES[_held_by(folder)]) if (folder / name).is_file()}


def _is_foreign(folder: Path) -> bool:
    """Return whether a folder holds files but no marker."""
    return not (folder / CONTENTS).is_file() and any(True for _ in _other_files(folder, set()))


def _foreign_file(folder: Path) -> str | None:
    """Return the name of a file in a published folder that no build published; None if there is none."""
    return min(_other_files(folder, _published_files(folder) | {CONTENTS}), default=None)


def _other_files(folder: Path, known: set[str]) -> Iterator[str]:
    """Yield the relative names of the files that are neither known nor passing nor a build's lock or candidate."""
    own = re.compile(rf"\.{re.escape(folder.name)}\.([0-9a-f]{{12}}\.(next|last)|lock)")
    for place, folders, files in os.walk(folder):
        if Path(place) == folder:
            folders[:] = [name for name in folders if not own.fullmatch(name)]
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        for file in [*files, *links]:
            name = os.path.relpath(os.path.join(place, file), folder)
            is_passing = any(fnmatch.fnmatchcase(file, pattern) for pattern in PASSING)
            if name not in known and not is_passing and not own.fullmatch(name):
                yield name
