"""The folder that is published into: whether it is ours, who writes it now, and how one version takes another's place.

Beside it, or within it where it cannot be exchanged, lie `.<name>.lock`, which a build holds from its first step to its
last, and the candidate `.<name>.<token>.next`, the version that is being written. Whoever holds the lock may remove
every other candidate: who made it is gone.
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

from customer_outcomes.errors import UnusableInput, sentence
from customer_outcomes.finance.workbook import WORKBOOK
from customer_outcomes.places.locks import lock
from customer_outcomes.warehouse import DATABASE

CONTENTS = "contents.json"  # the marker of a folder that a build published
# what programs that show a folder, or have a file of it open, leave in it
PASSING = ("~$*", ".~lock.*", ".DS_Store", "Thumbs.db", "desktop.ini")
CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)  # a file system without that call
CANNOT_MOVE = (errno.EBUSY, errno.EXDEV)  # a mount point


def check_destination(destination: Path, others: list[Path]) -> None:
    """Raise UnusableInput where publishing cannot work, or would replace something that no build published.

    `others` are the files and folders of the build that it must not touch.
    """
    for other in others:
        if destination == other or destination in other.parents or other in destination.parents:
            raise UnusableInput(f"{destination} and {other} lie in one another; publish into a folder of its own.")
    if destination.is_symlink():  # others have been followed
        raise UnusableInput(f"{destination} is a link that leads in a circle; name another folder.")
    try:
        existing = next(folder for folder in (destination, *destination.parents) if folder.exists())
        if destination.exists() and (not destination.is_dir() or _is_foreign(destination)):
            raise UnusableInput(f"{destination} holds files that no build published; name an empty or a new folder.")
        if not existing.is_dir():
            raise UnusableInput(f"{destination} cannot be made: {existing} is a file.")
        if not os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
            reason = "is read-only, or its rights do not let you write"
            raise UnusableInput(f"{existing} {reason}, so that nothing can be published into {destination}.")
        foreign = _foreign_file(destination)
    except OSError as error:
        raise UnusableInput(sentence(error, destination)) from None
    if foreign:
        raise UnusableInput(
            f"{destination} holds {foreign}, which no build published and which would be lost; take it elsewhere."
        )


@contextmanager
def hold(destination: Path) -> Iterator[str | None]:
    """Keep other builds out of the folder, remove what killed ones left, and try whether it can be exchanged.

    Yield the reason why it cannot, if so: then each file is replaced by itself.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    taken = f"Another build is publishing into {destination}."
    with lock(_spot(destination) / f".{destination.name}.lock", taken):
        _tidy(destination)
        yield _try(destination)


def new_candidate(destination: Path) -> Path:
    """Make the folder in which the next version is written."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    candidate = _spot(destination) / f".{destination.name}.{secrets.token_hex(6)}.next"
    candidate.mkdir(mode=0o700)
    return candidate


def swap_in(candidate: Path, destination: Path, last: tuple[str, ...]) -> None:
    """Put one folder in the place of another in one step, and drop the other.

    A folder that cannot be moved gets the files one by one, those that are named `last` at the end.
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
    """Exchange in two steps, with an instant between them; return where what is to be dropped lies."""
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
    """Exchange two names in one step: renameat2 with RENAME_EXCHANGE, which Python's os does not offer."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    at_current_folder, exchange = -100, 2
    if renameat2(at_current_folder, os.fsencode(first), at_current_folder, os.fsencode(second), exchange):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(second))


def _replace_files(candidate: Path, destination: Path, last: tuple[str, ...]) -> None:
    """Replace each file by itself, then remove those that are there no more; a reader sees each file whole."""
    names = [path.relative_to(candidate) for path in sorted(candidate.rglob("*")) if path.is_file()]
    names.sort(key=lambda name: last.index(str(name)) if str(name) in last else -1)
    stale = _published_files(destination) - set(map(str, names))
    if not (destination / CONTENTS).exists():  # else a build that is killed here leaves a folder that is nobody's
        (destination / CONTENTS).write_text("{}\n")
    for name in names:
        (destination / name).parent.mkdir(exist_ok=True)
        (destination / name.parent).chmod((candidate / name.parent).stat().st_mode & 0o777)
        (candidate / name).replace(destination / name)
    for name in stale:
        (destination / name).unlink(missing_ok=True)
        with suppress(OSError):
            (destination / name).parent.rmdir()


def _spot(destination: Path) -> Path:
    """Return the folder for the lock and the candidate: the parent, or the folder itself where it is not moved."""
    is_fixed = destination.is_dir() and (_is_mount(destination) or not _is_writable(destination.parent))
    return destination if is_fixed else destination.parent


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=True)


def _is_mount(folder: Path) -> bool:
    """Whether something is mounted there, also a folder of the same file system, which os.path.ismount does not see."""
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return os.path.ismount(folder)
    places = {re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), line.split()[4]) for line in mounts}
    return os.fsencode(folder) in places


def _try(destination: Path) -> str | None:
    """Try what publishing will do, without a reader noticing; return why the folder cannot be exchanged, if so."""
    if _spot(destination) == destination:
        probe = new_candidate(destination)
        probe.rmdir()
        what = "is a mount point" if _is_mount(destination) else f"lies in {destination.parent}, which is read-only"
        return f"{destination} {what}, so that its files are replaced one by one."
    probe = new_candidate(destination)
    try:
        (probe / CONTENTS).write_text("")
        if destination.exists():
            # a folder takes the place of an empty one alone: this fails, and for another reason if it could not move
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
    """Remove the candidates of builds that were killed, and put back a version that one had just taken away."""
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
    """Remove a version that nobody needs; what cannot be removed is tried again by the next build."""
    with suppress(OSError):
        for place, _, _ in os.walk(folder):
            os.chmod(place, stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


def _published_files(folder: Path) -> set[str]:
    """Return the files that a build publishes, of those that can be in a folder by what its marker says."""
    try:
        marker = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        marker = {}
    relations = marker.get("relations", marker) if isinstance(marker, dict) else {}
    files = {f"{relation.replace('.', '/')}.parquet" for relation in relations}
    return {name for name in files | {DATABASE, WORKBOOK} if (folder / name).is_file()}


def _is_foreign(folder: Path) -> bool:
    """Whether there are files and no marker."""
    return not (folder / CONTENTS).is_file() and any(True for _ in _other_files(folder, set()))


def _foreign_file(folder: Path) -> str | None:
    """Return a file in a published folder that no build published, if there is one."""
    return min(_other_files(folder, _published_files(folder) | {CONTENTS}), default=None)


def _other_files(folder: Path, known: set[str]) -> Iterator[str]:
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
