"""Git at a commit: exactly its files, verified by its id, within the limits of the class, and nothing of it is run."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.certificates import create_authority
from edgewarm.fetch import Credentials, Fetcher, Interrupted, Keeping, Limits, Order, Refused, Store
from support.fake_git import FakeGit, commit, git
from support.fake_registry import secret, secured

pytestmark = pytest.mark.component

MEGABYTE = 1 << 20
TABLE, TABLE_2 = os.urandom(2 * MEGABYTE), os.urandom(MEGABYTE)
AUTHORITY = create_authority()
NOW = 1_700_000_000.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FakeGit]:
    (tmp_path / "git").mkdir()
    async with FakeGit(secure=secured(AUTHORITY), root=tmp_path / "git") as made:
        yield made


@pytest.fixture
def pushed(server: FakeGit) -> Callable[..., str]:
    """Commits files to the repository tables; the commit's id."""
    return lambda files, *more: commit(server.root / "tables", files, *more)


def order(server: FakeGit, id_: str, size: int = 4 * MEGABYTE, name: str = "tables") -> Order:
    return Order(server.at("tables/.git"), f"gitCommit:{id_}", name, size)


def fetcher(server: FakeGit, folder: Path, keeping: Keeping | None = None, **limits: float) -> Fetcher:
    where = folder / "secret"
    if not where.exists():
        secret(where, ca_crt=AUTHORITY.pem.certificate)
    given = {"most_bytes": 8 * MEGABYTE, "attempts": 1, "pause_seconds": 0.01, **limits}
    return Fetcher(
        Store(folder / "store"),
        Limits((server.host,), **given),  # type: ignore[arg-type]
        lambda: NOW,
        keeping or Keeping(),
        credentials=Credentials.load(where),
    )


async def test_it_is_the_files_of_that_commit_and_found_the_second_time(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    old = pushed({"menu.bin": TABLE, "deep/er/a.txt": b"a\n"})
    pushed({"menu.bin": TABLE_2})  # the branch is further by now
    first = await fetcher(server, tmp_path).bring(order(server, old))
    asked = len(server.asked)
    second = await fetcher(server, tmp_path).bring(order(server, old))
    there = tmp_path / "store" / "tables"
    assert (there / "menu.bin").read_bytes() == TABLE
    assert (there / "deep" / "er" / "a.txt").read_bytes() == b"a\n"
    assert sorted(one.name for one in there.iterdir()) == ["deep", "menu.bin"]  # no history
    assert (first.found, first.size, second.found, second.size) == (False, len(TABLE) + 2, True, len(TABLE) + 2)
    assert asked == len(server.asked)
    assert server.sent < len(TABLE) * 1.1  # the other version is not sent
    assert [one.name for one in (tmp_path / "store" / "partial").iterdir()] == [f"gitCommit-{old}.lock"]


async def test_a_commit_of_a_repository_that_hashes_by_sha256_is_verified_by_that(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    id_ = pushed({"a": b"1"}, "--object-format=sha256")
    assert len(id_) == 64
    await fetcher(server, tmp_path).bring(order(server, id_))
    assert (tmp_path / "store" / "tables" / "a").read_bytes() == b"1"


async def test_a_commit_that_is_not_there_is_refused_and_said(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    pushed({"a": b"1"})
    with pytest.raises(Refused, match=f"not our ref {'1' * 40}"):
        await fetcher(server, tmp_path, attempts=3).bring(order(server, "1" * 40))
    with pytest.raises(Refused, match="not found"):
        await fetcher(server, tmp_path, attempts=3).bring(replace(order(server, "1" * 40), url=server.at("none")))
    assert not (tmp_path / "store" / "tables").exists()


async def test_a_tree_or_a_tag_is_no_commit(server: FakeGit, pushed: Callable[..., str], tmp_path: Path) -> None:
    pushed({"a": b"1"})
    git(server.root / "tables", "tag", "--annotate", "--message=1", "one")
    for what in ("one", "HEAD^{tree}"):
        id_ = git(server.root / "tables", "rev-parse", what)
        with pytest.raises(Refused):
            await fetcher(server, tmp_path).bring(order(server, id_))
        assert not Store(tmp_path / "store").tree(f"gitCommit:{id_}").exists()


async def test_a_file_that_was_changed_on_the_server_is_not_taken(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    """The object of a file is exchanged for that of another: its bytes have another hash than its name."""
    id_ = pushed({"a": b"1", "b": b"2"})
    repository = server.root / "tables"
    names = [git(repository, "rev-parse", f"HEAD:{name}") for name in "ab"]
    paths = [repository / ".git" / "objects" / name[:2] / name[2:] for name in names]
    paths[0].chmod(0o600)
    paths[0].write_bytes(paths[1].read_bytes())
    with pytest.raises((Refused, Interrupted)):
        await fetcher(server, tmp_path).bring(order(server, id_))
    assert not (tmp_path / "store" / "tables").exists()


async def test_a_fetch_that_breaks_off_begins_again(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    id_ = pushed({"menu.bin": TABLE})
    server.breaks = [MEGABYTE]
    outcome = await fetcher(server, tmp_path, attempts=2).bring(order(server, id_))
    assert (outcome.tries, outcome.resumed_from) == (2, 0)
    assert (tmp_path / "store" / "tables" / "menu.bin").read_bytes() == TABLE


async def test_an_overloaded_or_silent_server_is_asked_again_later(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    id_ = pushed({"a": b"1"})
    server.statuses = [503]
    assert (await fetcher(server, tmp_path, attempts=2).bring(order(server, id_))).tries == 2
    server.silent = True
    with pytest.raises(Interrupted, match="git fetch"):
        await fetcher(server, tmp_path, idle_seconds=0.3).bring(order(server, "2" * 40))


async def test_more_bytes_than_ordered_or_allowed_are_refused(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    id_ = pushed({"zeros.bin": bytes(3 * MEGABYTE)})  # nearly nothing on its way
    with pytest.raises(Refused, match=f"has {3 * MEGABYTE} bytes, at most {2 * MEGABYTE} were ordered"):
        await fetcher(server, tmp_path).bring(order(server, id_, 2 * MEGABYTE))
    id_ = pushed({"menu.bin": TABLE})
    with pytest.raises(Refused, match="bytes or more, at most 1000 are allowed by the fetcher class"):
        await fetcher(server, tmp_path, most_bytes=1000).bring(order(server, id_))
    assert not any((tmp_path / "store" / "trees").iterdir())


async def test_a_disk_without_room_gets_nothing(server: FakeGit, pushed: Callable[..., str], tmp_path: Path) -> None:
    id_ = pushed({"menu.bin": TABLE})
    full = replace(fetcher(server, tmp_path, spare_bytes=10), store=Store(tmp_path / "store", lambda _: len(TABLE)))
    with pytest.raises(Interrupted, match="leave less than 10 free on the volume"):
        await full.bring(order(server, id_))
    assert server.asked == []


async def test_no_more_bytes_a_second_than_allowed(server: FakeGit, pushed: Callable[..., str], tmp_path: Path) -> None:
    id_, loop = pushed({"menu.bin": TABLE}), asyncio.get_running_loop()
    begun = loop.time()
    await fetcher(server, tmp_path, bytes_per_second=2 * MEGABYTE).bring(order(server, id_))
    assert loop.time() - begun >= 1.0 - 0.05  # 2 MiB at 2 MiB/s, and never faster


async def test_a_login_is_sent_to_that_host_and_its_lack_is_said(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    id_, server.login = pushed({"a": b"1"}), ("reader", "secret")
    with pytest.raises(Refused, match=r"could not read Username|Authentication failed"):
        await fetcher(server, tmp_path).bring(order(server, id_))
    (tmp_path / "secret" / "username").write_text("reader")
    (tmp_path / "secret" / "password").write_text("secret\n")
    await fetcher(server, tmp_path).bring(order(server, id_))
    assert (tmp_path / "store" / "tables" / "a").read_bytes() == b"1"


async def test_no_redirect_is_followed(server: FakeGit, pushed: Callable[..., str], tmp_path: Path) -> None:
    id_ = pushed({"a": b"1"})
    async with FakeGit(secure=secured(AUTHORITY), root=server.root) as elsewhere:
        server.redirects = {"/tables/.git/info/refs": f"https://{elsewhere.host}/tables/.git/info/refs"}
        with pytest.raises(Refused, match=r"redirect|302"):
            await fetcher(server, tmp_path).bring(order(server, id_))
        assert elsewhere.asked == []


async def test_another_host_is_never_asked(server: FakeGit, pushed: Callable[..., str], tmp_path: Path) -> None:
    id_ = pushed({"a": b"1"})
    other = fetcher(server, tmp_path)
    with pytest.raises(Refused, match="is not one that the fetcher class allows"):
        await replace(other, limits=replace(other.limits, hosts=("git.example",))).bring(order(server, id_))
    assert server.asked == []


async def test_nothing_of_it_is_run_and_no_byte_of_a_file_is_changed(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    """Attributes that ask for other line ends, an identity and a filter; a submodule that nobody fetches."""
    inner = commit(server.root / "inner", {"b": b"2"})
    attributes = b"*.txt eol=crlf ident\n*.bin filter=evil\n"
    pushed({"a.txt": b"$Id$\nline\n", "a.bin": b"1", ".gitattributes": attributes})
    git(server.root / "tables", "submodule", "--quiet", "add", str(server.root / "inner"), "sub")
    id_ = commit(server.root / "tables", {"a.txt": b"$Id$\nline\n", "a.bin": b"1", ".gitattributes": attributes})
    await fetcher(server, tmp_path).bring(order(server, id_))
    there = tmp_path / "store" / "tables"
    assert (there / "a.txt").read_bytes() == b"$Id$\nline\n"
    assert list((there / "sub").iterdir()) == []
    assert not any(inner in path for path, _ in server.asked)


async def test_commits_give_way_to_others_by_last_use(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path
) -> None:
    ids, clock = [pushed({"a.bin": os.urandom(MEGABYTE)}) for _ in range(3)], iter(range(100))
    for id_, name in zip(ids, "abc", strict=True):
        bringing = replace(fetcher(server, tmp_path, Keeping(2 * MEGABYTE)), clock=lambda: float(next(clock)))
        outcome = await bringing.bring(order(server, id_, MEGABYTE, name))
    assert [one.digest for one in outcome.evicted] == [f"gitCommit:{ids[0]}"]
    assert sorted(one.name for one in (tmp_path / "store").iterdir() if one.is_symlink()) == ["b", "c"]


async def test_an_image_without_git_says_so(
    server: FakeGit, pushed: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = pushed({"a": b"1"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="has no git client: build it with GIT=1"):
        await fetcher(server, tmp_path).bring(order(server, id_))
