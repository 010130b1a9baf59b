"""A folder of files that are named by their digest, on a volume that may be shared by many pods.

    blobs/sha256-<hex>      whole, verified and on disk before it gets this name
    partial/sha256-<hex>    on its way; <hex>.tag beside it is the entity tag of the bytes that are there, and
                            <hex>.lock there while somebody fetches it
    <name>                  link to the blob that was asked for last under this name, changed in one step

A blob's modification time is its last use. Who wants room deletes what has not been used for longest (`surplus`);
what was begun and left counts with the bytes that came, and its last use is when the last of them did.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Protocol

from edgewarm.fetch.order import Interrupted, Order, Refused

BLOCK = 1 << 20


class Hash(Protocol):
    """One of hashlib's, as far as it is used here."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A file, or what came of it: its digest, bytes, and Unix seconds of its last use."""

    digest: str
    size: int
    used_at: float


@dataclass(frozen=True, slots=True)
class Keeping:
    """`most_bytes` for all blobs, none unused for longer than `ttl_seconds`; those of `digests` stay whatever is."""

    most_bytes: int | None = None
    ttl_seconds: float | None = None
    digests: frozenset[str] = frozenset()


def surplus(blobs: Sequence[Blob], needed: int, keeping: Keeping, now: float) -> tuple[Blob, ...]:
    """What to delete so that `needed` more bytes fit: all that is too old, then the longest unused.

    Refused where that is not enough: nothing is deleted for what does not fit anyway.
    """
    loose = sorted((one for one in blobs if one.digest not in keeping.digests), key=lambda one: one.used_at)
    old = [one for one in loose if keeping.ttl_seconds is not None and now - one.used_at > keeping.ttl_seconds]
    if keeping.most_bytes is None:
        return tuple(old)
    over = sum(one.size for one in blobs) - sum(one.size for one in old) + needed - keeping.most_bytes
    found = list(old)
    for one in loose[len(old) :]:
        if over <= 0:
            break
        found.append(one)
        over -= one.size
    if over > 0:
        raise Refused(f"{over} bytes more than the {keeping.most_bytes} that the store may hold, without what is kept")
    return tuple(found)


def free_bytes(folder: Path) -> int:
    """Bytes left on the volume of `folder`, for whoever is not root."""
    return shutil.disk_usage(folder).free


class Store:
    """`free` tells how many bytes are left on the volume of a folder."""

    def __init__(self, folder: Path, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._free = free
        for part in ("blobs", "partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def blob(self, digest: str) -> Path:
        return self._folder / "blobs" / _file(digest)

    def partial(self, digest: str) -> Path:
        return self._folder / "partial" / _file(digest)

    def blobs(self) -> list[Blob]:
        """The whole files, longest unused first."""
        return _in(self._folder / "blobs")

    def unfinished(self) -> list[Blob]:
        """What came of those that are not whole, longest untouched first."""
        return _in(self._folder / "partial")

    def has(self, order: Order) -> bool:
        return self.blob(order.digest).is_file()

    def use(self, order: Order, now: float) -> Path:
        """Note that it is used now, and point its name to it in one step."""
        path, link = self.blob(order.digest), self._folder / order.name
        os.utime(path, (now, now))
        draft = self._folder / "partial" / f".{order.name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(path.relative_to(self._folder))
        draft.replace(link)
        return path

    def make_room(self, order: Order, keeping: Keeping, now: float) -> tuple[Blob, ...]:
        """Delete what `surplus` names, but nothing that somebody fetches; a name whose blob is gone goes with it."""
        others = [one for one in self.unfinished() if one.digest != order.digest]
        with ExitStack() as held:
            busy = [one.digest for one in others if not held.enter_context(self.locked(one.digest))]
            kept = replace(keeping, digests=keeping.digests.union(busy))
            gone = surplus([*self.blobs(), *others], order.size, kept, now)
            for one in gone:
                self.blob(one.digest).unlink(missing_ok=True)
                self.drop(one.digest)
        for link in self._folder.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink(missing_ok=True)
        return gone

    def guard(self, needed: int, spare: int) -> None:
        """Interrupted where `needed` more bytes would leave less than `spare`."""
        free = self._free(self._folder)
        if free - needed < spare:
            raise Interrupted(f"{needed} bytes more leave less than {spare} free on the volume: {free} are")

    def begun(self, digest: str) -> tuple[int, str, Hash]:
        """Bytes that are there, the entity tag they came with, and their hash so far."""
        path, hasher = self.partial(digest), hashlib.sha256()
        if not path.exists():
            return 0, "", hasher
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                hasher.update(block)
        tag = _tag(path)
        return path.stat().st_size, tag.read_text() if tag.exists() else "", hasher

    def begin(self, digest: str, tag: str) -> Hash:
        """From the first byte; the hash of nothing."""
        self.drop(digest)
        if tag:
            _tag(self.partial(digest)).write_text(tag)
        return hashlib.sha256()

    def drop(self, digest: str) -> None:
        path = self.partial(digest)
        for one in (path, _tag(path)):
            one.unlink(missing_ok=True)

    def finish(self, digest: str) -> None:
        """The verified bytes get their name, and have it after a power cut too."""
        path = self.partial(digest)
        _sync(path)
        path.replace(self.blob(digest))
        _tag(path).unlink(missing_ok=True)
        _sync(self._folder / "blobs")

    @contextmanager
    def locked(self, digest: str) -> Iterator[bool]:
        """Whether this process may fetch it; the kernel gives the lock back however a process ends."""
        path = self._folder / "partial" / f"{_file(digest)}.lock"
        with path.open("w") as file:
            mine = _lock(file) and _is_at(file, path)  # else who had it has just taken it away: another time
            try:
                yield mine
            finally:
                if mine:
                    path.unlink(missing_ok=True)


def _file(digest: str) -> str:
    return digest.replace(":", "-", 1)


def _tag(path: Path) -> Path:
    return path.with_name(f"{path.name}.tag")


def _in(folder: Path) -> list[Blob]:
    found = []
    for path in folder.iterdir():
        if "." not in path.name:  # tags, locks and drafts have one
            with suppress(FileNotFoundError):  # it has just become whole, or was deleted by another process
                stat = path.stat()
                found.append(Blob(path.name.replace("-", ":", 1), stat.st_size, stat.st_mtime))
    return sorted(found, key=lambda one: one.used_at)


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
