"""The store keeps what is verified, forgets what is unused for longest, and never shows half a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from edgewarm.fetch import Interrupted, Keeping, Limits, Order, Refused, Store
from edgewarm.fetch.store import Blob, surplus

pytestmark = pytest.mark.unit

OLD, MIDDLE, NEW = Blob("sha256:aa", 40, 100.0), Blob("sha256:bb", 30, 200.0), Blob("sha256:cc", 20, 300.0)
HALF = Blob("sha256:dd", 10, 350.0, whole=False)


@pytest.mark.parametrize(
    ("needed", "keeping", "gone"),
    [
        pytest.param(10, Keeping(100), [], id="90 + 10 fit into 100"),
        pytest.param(11, Keeping(100), [OLD], id="the longest unused makes room for one byte too many"),
        pytest.param(60, Keeping(100), [OLD, MIDDLE], id="90 + 60 - 40 - 30 = 80 fit"),
        pytest.param(60, Keeping(100, None, frozenset({OLD.digest})), [MIDDLE, NEW], id="what is kept stays"),
        pytest.param(10, Keeping(100, 150.0), [OLD, MIDDLE], id="unused for 300 s and 200 s with a ttl of 150 s"),
        pytest.param(10**9, Keeping(), [], id="without a limit nothing goes"),
        pytest.param(0, Keeping(10, 50.0, frozenset({"sha256:aa"})), None, id="what is kept may be too much by itself"),
        pytest.param(101, Keeping(100), None, id="what never fits deletes nothing"),
    ],
)
def test_room_is_made_by_ttl_first_and_then_by_last_use(needed: int, keeping: Keeping, gone: list[Blob] | None) -> None:
    blobs = [NEW, OLD, MIDDLE]
    if gone is None:
        with pytest.raises(Refused, match="bytes more than the"):
            surplus(blobs, needed, keeping, 400.0)
    else:
        assert list(surplus(blobs, needed, keeping, 400.0)) == gone


@pytest.mark.parametrize(
    ("needed", "keeping", "gone"),
    [
        pytest.param(10, Keeping(110), [], id="100 + 10 fit into 110"),
        pytest.param(11, Keeping(110), [HALF], id="what is not whole goes first, however young"),
        pytest.param(21, Keeping(110), [HALF, OLD], id="then the longest unused"),
        pytest.param(11, Keeping(110, 250.0), [OLD], id="but what is too old goes anyhow: 60 + 11 fit"),
        pytest.param(11, Keeping(110, None, frozenset({HALF.digest})), [OLD], id="what is kept stays"),
        pytest.param(101, Keeping(110, None, frozenset({HALF.digest})), None, id="and counts: 10 + 101 are 1 too many"),
    ],
)
def test_what_is_not_whole_counts_and_goes_first(needed: int, keeping: Keeping, gone: list[Blob] | None) -> None:
    blobs = [NEW, OLD, HALF, MIDDLE]
    if gone is None:
        with pytest.raises(Refused, match=r"^1 bytes more than the 110"):
            surplus(blobs, needed, keeping, 400.0)
    else:
        assert list(surplus(blobs, needed, keeping, 400.0)) == gone


def filled(folder: Path, content: bytes, name: str, now: float) -> Order:
    """As a transfer leaves it."""
    store, order = Store(folder), Order("http://a/b", f"sha256:{hashlib.sha256(content).hexdigest()}", name, 100)
    store.begin(order.digest, '"1"')
    store.partial(order.digest).write_bytes(content)
    store.finish(order.digest)
    store.use(order, now)
    return order


def test_a_name_points_to_what_was_asked_for_last(tmp_path: Path) -> None:
    first = filled(tmp_path, b"one", "menu", 10.0)
    second = filled(tmp_path, b"two!", "menu", 20.0)
    assert (tmp_path / "menu").read_bytes() == b"two!"
    assert not (tmp_path / "menu").readlink().is_absolute()  # a volume is mounted elsewhere by others
    assert [one.digest for one in Store(tmp_path).blobs()] == [first.digest, second.digest]
    assert list((tmp_path / "partial").iterdir()) == []


def test_use_makes_a_blob_young_again(tmp_path: Path) -> None:
    first, second = filled(tmp_path, b"one", "a", 10.0), filled(tmp_path, b"two", "b", 20.0)
    store = Store(tmp_path)
    store.use(first, 30.0)
    gone = store.make_room({"sha256:aa": 2}, Keeping(6), 40.0)
    assert [one.digest for one in gone] == [second.digest]
    assert not (tmp_path / "b").is_symlink()  # its name goes with it
    assert (tmp_path / "a").read_bytes() == b"one"


def begun(folder: Path, letter: str, at: float) -> str:
    """Four bytes and their tag, as an interruption leaves them; their digest."""
    store, digest = Store(folder), f"sha256:{letter * 64}"
    store.begin(digest, '"1"')
    store.partial(digest).write_bytes(b"half")
    os.utime(store.partial(digest), (at, at))
    return digest


def commit_begun(folder: Path, at: float) -> list[Path]:
    """Three bytes of objects and two of files, as a process that was killed while it checked out leaves them."""
    paths = [Store(folder).partial(f"gitCommit:{'e' * 40}.{end}") for end in ("git", "tree")]
    for path, content in zip(paths, (b"obj", b"fi"), strict=True):
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "file").write_bytes(content)
        os.utime(path, (at, at))
    return paths


def unfinished(folder: Path) -> set[str]:
    return {path.name for path in (folder / "partial").iterdir() if path.suffix != ".lock"}


def test_what_nobody_goes_on_with_is_dropped_after_the_ttl(tmp_path: Path) -> None:
    """Four broke off: too old; old and wanted; old and on its way; young. A commit is dropped like the first."""
    digests = [begun(tmp_path, letter, at) for letter, at in zip("abcd", (100.0, 100.0, 100.0, 350.0), strict=True)]
    store, folders = Store(tmp_path), commit_begun(tmp_path, 100.0)
    with Store(tmp_path).locked(digests[2]):
        gone = store.make_room({}, Keeping(None, 200.0, frozenset({digests[1]})), 400.0)
    assert [store.partial(digest).exists() for digest in digests] == [False, True, True, True]
    assert not any(folder.exists() for folder in folders)
    assert sorted((one.digest[:6], one.size) for one in gone) == [("gitCom", 5), ("sha256", 4)]
    assert f"sha256-{'a' * 64}.tag" not in unfinished(tmp_path)


@pytest.mark.parametrize(
    ("most", "gone"),
    [
        pytest.param(14, [], id="3 whole + 4 + 5 begun + 2 asked for fit into 14"),
        pytest.param(13, ["file"], id="one byte too many: what was left longest ago goes"),
        pytest.param(9, ["file", "commit"], id="five too many: the commit goes too, with both of its folders"),
    ],
)
def test_what_was_begun_and_left_makes_room_before_what_is_whole(tmp_path: Path, most: int, gone: list[str]) -> None:
    whole, store = filled(tmp_path, b"one", "a", 5.0), Store(tmp_path)
    digests = {begun(tmp_path, "b", 10.0): "file", f"gitCommit:{'e' * 40}": "commit"}
    folders = commit_begun(tmp_path, 20.0)
    assert [digests[one.digest] for one in store.make_room({"sha256:aa": 2}, Keeping(most), 100.0)] == gone
    assert [store.begun_bytes(digest) > 0 for digest in digests] == ["file" not in gone, False]  # no file of a commit
    assert {folder.exists() for folder in folders} == {"commit" not in gone}
    assert store.has(whole)


def test_bytes_that_are_there_of_what_is_asked_for_are_not_counted_twice(tmp_path: Path) -> None:
    digest = begun(tmp_path, "b", 10.0)
    assert Store(tmp_path).make_room({digest: 6}, Keeping(6, 5.0), 100.0) == ()
    assert Store(tmp_path).begun_bytes(digest) == 4


def test_what_another_process_fetches_counts_and_stays(tmp_path: Path) -> None:
    """4 bytes on their way and 6 asked for; the digest may be fetched by others as soon as the room is made."""
    digest, store = begun(tmp_path, "b", 10.0), Store(tmp_path)
    with Store(tmp_path).locked(digest):
        assert store.make_room({"sha256:aa": 6}, Keeping(10, 5.0), 100.0) == ()
        with pytest.raises(Refused, match="1 bytes more than the 9"):
            store.make_room({"sha256:aa": 6}, Keeping(9), 100.0)
    assert [one.digest for one in store.make_room({"sha256:aa": 6}, Keeping(9), 100.0)] == [digest]
    with store.locked(digest) as mine:
        assert mine


def test_what_a_process_did_not_end_to_delete_goes(tmp_path: Path) -> None:
    rest = tmp_path / "partial" / ".gitCommit-ee.tree.1.gone"
    Store(tmp_path)
    rest.mkdir()
    (rest / "file").write_bytes(b"half")
    Store(tmp_path).make_room({}, Keeping(), 100.0)
    assert not rest.exists()


def test_a_disk_that_would_be_too_full_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path, free=lambda _: 100)
    store.guard(60, spare=40)
    with pytest.raises(Interrupted, match="leave less than 40 free on the volume: 100 are"):
        store.guard(61, spare=40)


def test_two_processes_do_not_fetch_the_same(tmp_path: Path) -> None:
    with Store(tmp_path).locked("sha256:aa") as mine, Store(tmp_path).locked("sha256:aa") as theirs:
        assert (mine, theirs) == (True, False)
    with Store(tmp_path).locked("sha256:aa") as later:
        assert later


LIMITS = Limits(("files.example", "*.cdn.example", "odd.example:8443"), 10**9)


@pytest.mark.parametrize(
    ("url", "came_from", "problem"),
    [
        ("https://files.example/a", "", None),
        ("https://files.example:443/a", "", None),
        ("http://files.example/a", "", None),
        ("https://odd.example:8443/a", "", None),
        ("https://eu.cdn.example/a", "https://files.example/a", None),
        ("https://files.example:8443/a", "", "host files.example:8443 is not one"),
        ("https://odd.example/a", "", "host odd.example is not one"),
        ("https://cdn.example/a", "", "host cdn.example is not one"),
        ("https://evilcdn.example/a", "", "host evilcdn.example is not one"),
        ("https://files.example@evil.example/a", "", "without a user"),
        ("https://169.254.169.254/a", "https://files.example/a", "files.example/a redirects there"),
        ("http://files.example/a", "https://files.example/a", "which is not encrypted"),
        ("file:///etc/passwd", "", "must be http:// or https://"),
        ("https://files.example:no/a", "", "is no address"),
    ],
)
def test_only_hosts_of_the_class_are_asked(url: str, came_from: str, problem: str | None) -> None:
    if problem is None:
        LIMITS.check(url, came_from)
    else:
        with pytest.raises(Refused, match=problem):
            LIMITS.check(url, came_from)


SHA, COMMIT = f"sha256:{'0' * 64}", f"gitCommit:{'0' * 40}"


@pytest.mark.parametrize(
    ("url", "digest", "name", "problem"),
    [
        ("https://files.example/a", "md5:00", "a", "must be sha256: and 64 hexadecimal digits, got md5:00"),
        ("https://files.example/a", "", "a", "must be sha256: and 64 hexadecimal digits, got none"),
        ("https://files.example/a", COMMIT, "a", "must be sha256:"),
        ("https://files.example/a", SHA, "../a", "the name must be"),
        ("https://files.example/a", SHA, "trees", "other than blobs, trees, partial, got trees"),
        ("oci://registry.example/a", "", "a", "must be sha256: and 64 hexadecimal digits, got none"),
        ("oci://registry.example/a:1", SHA, "a", "a registry and a repository, without tag, digest and query"),
        (f"oci://registry.example/a@{SHA}", SHA, "a", "a registry and a repository"),
        ("oci://registry.example/../a", SHA, "a", "a registry and a repository"),
        ("oci://registry.example/a?b", SHA, "a", "a registry and a repository"),
        ("oci://registry.example", SHA, "a", "a registry and a repository"),
        ("git+https://git.example/a", SHA, "a", "must be gitCommit: and the 40 or 64 hexadecimal digits of a commit"),
        ("git+https://git.example/a", "gitCommit:main", "a", "must be gitCommit:"),
        ("git+https://git.example/a", "", "a", "must be gitCommit: .* got none"),
        ("git+ssh://git@git.example/a", COMMIT, "a", "must begin with http://, https://, oci://"),
        ("git://git.example/a", COMMIT, "a", "must begin with"),
        ("file:///etc/passwd", SHA, "a", "must begin with"),
        ("", SHA, "a", "must begin with"),
    ],
)
def test_an_order_that_nothing_could_verify_or_find_is_refused(url: str, digest: str, name: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        Order(url, digest, name, 1)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://a.example/b", "http://a.example/b"),
        ("oci://a.example/b/c", "https://a.example/b/c"),
        ("oci+http://a.example:5000/b", "http://a.example:5000/b"),
    ],
)
def test_an_address_says_how_it_is_asked(url: str, address: str) -> None:
    assert Order(url, SHA, "a", 1).address == address
