"""A folder of what is named by its digest, on a volume that may be shared by many pods.

    blobs/sha256-<hex>        a file: whole, verified and on disk before it gets this name
    trees/sha256-<hex>/       an artifact: links to the blobs that it is made of, which it may share with others
    trees/gitCommit-<hex>/    the files of a commit
    partial/sha256-<hex>      on its way; <hex>.tag beside it says from where, and the entity tag
    <name>                    link to what was asked for last under this name, changed in one step

A modification time is a last use. Who wants room deletes (`surplus`) what was begun and left, then what has not been
used for longest: blobs, with the artifacts that have lost one, and commits. All of it counts with the bytes that are
there; what somebody fetches at that moment counts and stays.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgewarm.fetch.order import Interrupted, Kind, Order, Refused

BLOCK = 1 << 20


class Hash(Protocol):
    """One of hashlib's, as far as it is used here."""

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Blob:
    """A file or a commit, or what came of one that is not `whole`: digest, bytes, and Unix seconds of its last use."""

    digest: str
    size: int
    used_at: float
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Keeping:
    """`most_bytes` for all blobs, none unused for longer than `ttl_seconds`; those of `digests` stay whatever is."""

    most_bytes: int | None = None
    ttl_seconds: float | None = None
    digests: frozenset[str] = frozenset()


def surplus(blobs: Sequence[Blob], needed: int, keeping: Keeping, now: float) -> tuple[Blob, ...]:
    """What to delete so that `needed` more bytes fit: all that is too old, then what is not whole, then the longest
    unused.

    Refused where that is not enough: nothing is deleted for what does not fit anyway.
    """
    loose = sorted(
        (one for one in blobs if one.digest not in keeping.digests), key=lambda one: (one.whole, one.used_at)
    )
    old = [one for one in loose if keeping.ttl_seconds is not None and now - one.used_at > keeping.ttl_seconds]
    if keeping.most_bytes is None:
        return tuple(old)
    over = sum(one.size for one in blobs) - sum(one.size for one in old) + needed - keeping.most_bytes
    found = list(old)
    for one in (one for one in loose if one not in old):
        if over <= 0:
            break
        found.append(one)
        over -= one.size
    if over > 0:
        told = f"{over} bytes more than the {keeping.most_bytes} that the store may hold"
        raise Refused(f"{told}, without what is kept or on its way")
    return tuple(found)


def free_bytes(folder: Path) -> int:
    """Bytes left on the volume of `folder`, for whoever is not root."""
    return shutil.disk_usage(folder).free


class Store:
    """`free` tells how many bytes are left on the volume of a folder."""

    def __init__(self, folder: Path, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._free = free
        for part in ("blobs", "trees", "partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def blob(self, digest: str) -> Path:
        return self._folder / "blobs" / _file(digest)

    def partial(self, digest: str) -> Path:
        return self._folder / "partial" / _file(digest)

    def tree(self, digest: str) -> Path:
        return self._folder / "trees" / _file(digest)

    def blobs(self) -> list[Blob]:
        """What is whole and holds room, longest unused first."""
        found = []
        for path in (self._folder / "blobs").iterdir():
            stat = path.stat()
            found.append(Blob(_digest(path), stat.st_size, stat.st_mtime))
        for path in (self._folder / "trees").glob("gitCommit-*"):
            found.append(Blob(_digest(path), tree_bytes(path), path.stat().st_mtime))
        return sorted(found, key=lambda one: one.used_at)

    def unfinished(self) -> list[Blob]:
        """What came of what is not whole, also while somebody fetches it."""
        found = []
        for digest in {_digest(path.with_suffix("")) for path in (self._folder / "partial").glob("[!.]*-*")}:
            with suppress(FileNotFoundError):  # it has just become whole, or was deleted by another process
                paths = self._begun(digest)
                size = sum(tree_bytes(path) if path.is_dir() else path.stat().st_size for path in paths)
                if paths:
                    found.append(Blob(digest, size, max(path.stat().st_mtime for path in paths), whole=False))
        return found

    def has(self, order: Order) -> bool:
        """Whole, with all that an artifact is made of."""
        path = self._place(order)
        if order.kind is Kind.FILE:
            return path.is_file()
        return path.is_dir() and (order.kind is Kind.COMMIT or all(one.is_file() for one in _paths(path)))

    def use(self, order: Order, now: float) -> int:
        """Note that it is used now, and point its name to it in one step; its bytes."""
        path, link = self._place(order), self._folder / order.name
        size = self.touch(order, now)
        draft = self._folder / "partial" / f".{order.name}.{os.getpid()}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(path.relative_to(self._folder))
        draft.replace(link)
        return size

    def touch(self, order: Order, now: float) -> int:
        """Note that it is used now, and what it is made of; its bytes."""
        path = self._place(order)
        found = {one.resolve() for one in _paths(path)} if order.kind is Kind.ARTIFACT else {path}
        for one in (path, *found):
            os.utime(one, (now, now))
        return tree_bytes(path) if order.kind is Kind.COMMIT else sum(one.stat().st_size for one in found)

    def make_room(self, needed: Mapping[str, int], keeping: Keeping, now: float) -> tuple[Blob, ...]:
        """For `needed` bytes by digest, those that are there of them included: delete what `surplus` names, but nothing
        that somebody fetches. Artifacts that have lost a blob and names of what is gone go with it."""
        for rest in (self._folder / "partial").glob(".*.gone"):  # of a process that ended while it deleted
            shutil.rmtree(rest, ignore_errors=True)
        kept = keeping.digests | {blob for digest in keeping.digests for blob in self._made_of(digest)}
        begun = [one for one in self.unfinished() if one.digest not in needed]
        with ExitStack() as held:  # nobody begins with what is about to go
            busy = {one.digest for one in begun if not held.enter_context(self.locked(one.digest))}
            keeping = replace(keeping, digests=kept | busy)
            gone = surplus([*self.blobs(), *begun], sum(needed.values()), keeping, now)
            for one in gone:
                self._delete(one)
        for tree in (self._folder / "trees").glob("sha256-*"):
            if not all(one.exists() for one in _paths(tree)):
                self.remove(tree)
        for link in self._folder.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink(missing_ok=True)
        return gone

    def _delete(self, one: Blob) -> None:
        for path in [self.tree(one.digest)] if one.whole else self._begun(one.digest):
            self.remove(path)
        if one.whole:
            self.blob(one.digest).unlink(missing_ok=True)
        else:
            self.drop(one.digest)

    def _begun(self, digest: str) -> list[Path]:
        """Where what came of it is: bytes of a file, objects and files of a commit, links of an artifact."""
        return [path for end in ("", ".git", ".tree") if (path := self.partial(f"{digest}{end}")).exists()]

    def link(self, order: Order, files: Mapping[str, str]) -> None:
        """An artifact, all of whose blobs are there: `files` are their digests by path."""
        with self.draft(order.digest) as draft:
            for path, digest in files.items():
                link = draft / path
                link.parent.mkdir(parents=True, exist_ok=True)
                up = [".."] * (len(Path(path).parts) + 1)  # from its folder to that of the store
                link.symlink_to(Path(*up, "blobs", _file(digest)))

    @contextmanager
    def draft(self, digest: str) -> Iterator[Path]:
        """A folder for a tree on its way: it gets its name at the end, in place of one that has lost something."""
        path = self.partial(f"{digest}.tree")
        self.remove(path)
        path.mkdir()
        try:
            yield path
            self.remove(self.tree(digest))
            path.replace(self.tree(digest))
        finally:
            self.remove(path)
        _sync(self._folder / "trees")

    def remove(self, tree: Path) -> None:
        """At once for whoever looks at it, then for the disk."""
        if tree.is_dir():
            gone = self._folder / "partial" / f".{tree.name}.{os.getpid()}.gone"
            shutil.rmtree(gone, ignore_errors=True)
            tree.replace(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _place(self, order: Order) -> Path:
        return self.blob(order.digest) if order.kind is Kind.FILE else self.tree(order.digest)

    def _made_of(self, digest: str) -> Iterable[str]:
        """The blobs of an artifact."""
        tree = self.tree(digest)
        return [_digest(link.readlink()) for link in _paths(tree)] if digest.startswith("sha256:") else ()

    def guard(self, needed: int, spare: int) -> None:
        """Interrupted where `needed` more bytes would leave less than `spare`."""
        free = self._free(self._folder)
        if free - needed < spare:
            raise Interrupted(f"{needed} bytes more leave less than {spare} free on the volume: {free} are")

    def begun_bytes(self, digest: str) -> int:
        """Bytes of it that are on the disk already."""
        path = self.partial(digest)
        return path.stat().st_size if path.is_file() else 0

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
        with (self._folder / "partial" / f"{_file(digest)}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def sync_files(tree: Path) -> None:
    """Its files are on the disk before it gets its name."""
    for path in _paths(tree):
        if not path.is_symlink():
            _sync(path)


def tree_bytes(tree: Path) -> int:
    """Of its files; links count as what they are."""
    return sum(path.lstat().st_size for path in _paths(tree))


def _paths(tree: Path) -> list[Path]:
    """Of all files and links in it; of an artifact, all are links."""
    return [Path(folder) / name for folder, _, names in os.walk(tree) for name in names]


def _file(digest: str) -> str:
    return digest.replace(":", "-", 1)


def _digest(path: Path) -> str:
    return path.name.replace("-", ":", 1)


def _tag(path: Path) -> Path:
    return path.with_name(f"{path.name}.tag")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
