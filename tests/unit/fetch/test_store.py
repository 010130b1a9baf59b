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
    gone = store.make_room(ordered(b"23"), Keeping(6), 40.0)
    assert [one.digest for one in gone] == [second.digest]
    assert not (tmp_path / "b").is_symlink()  # its name goes with it
    assert (tmp_path / "a").read_bytes() == b"one"


def ordered(content: bytes) -> Order:
    return Order("http://a/b", f"sha256:{hashlib.sha256(content).hexdigest()}", "x", len(content))


def begun(folder: Path, content: bytes, so_far: int, at: float) -> Order:
    """As an interruption leaves it."""
    store, order = Store(folder), ordered(content)
    store.begin(order.digest, '"1"')
    path = store.partial(order.digest)
    path.write_bytes(content[:so_far])
    os.utime(path, (at, at))
    return order


@pytest.mark.parametrize(
    ("keeping", "stays"),
    [
        pytest.param(Keeping(10), True, id="3 that came + 3 whole + 4 asked for fit into 10"),
        pytest.param(Keeping(9), False, id="but not into 9: it has been left for longest"),
        pytest.param(Keeping(None, 50.0), False, id="and it is left for longer than the ttl"),
    ],
)
def test_what_was_begun_and_left_counts_and_ages_like_what_is_whole(
    tmp_path: Path, keeping: Keeping, stays: bool
) -> None:
    left, whole = begun(tmp_path, b"abcdef", 3, 10.0), filled(tmp_path, b"one", "a", 90.0)
    store = Store(tmp_path)
    gone = store.make_room(ordered(b"1234"), keeping, 100.0)
    assert [one.digest for one in gone] == ([] if stays else [left.digest])
    assert store.begun(left.digest)[0] == (3 if stays else 0)
    assert store.has(whole)
    assert len(list((tmp_path / "partial").iterdir())) == (2 if stays else 0)  # the bytes and their tag, or nothing


def test_what_came_of_the_file_that_is_asked_for_is_not_counted_twice(tmp_path: Path) -> None:
    order = begun(tmp_path, b"abcdef", 3, 10.0)
    assert Store(tmp_path).make_room(order, Keeping(6, 5.0), 100.0) == ()
    assert Store(tmp_path).begun(order.digest)[0] == 3


def test_what_another_process_is_fetching_stays(tmp_path: Path) -> None:
    order, store = begun(tmp_path, b"abcdef", 3, 10.0), Store(tmp_path)
    with Store(tmp_path).locked(order.digest):
        assert store.make_room(ordered(b"1234"), Keeping(7, 5.0), 100.0) == ()
        with pytest.raises(Refused, match="1 bytes more"):
            store.make_room(ordered(b"1234"), Keeping(6), 100.0)


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
    assert list((tmp_path / "partial").iterdir()) == []  # nor is a trace of it left


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


@pytest.mark.parametrize(
    ("digest", "name", "problem"),
    [("md5:00", "a", "the digest must be"), (f"sha256:{'0' * 64}", "../a", "the name must be")],
)
def test_an_order_without_a_digest_or_with_a_path_for_a_name_is_refused(digest: str, name: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        Order("https://files.example/a", digest, name, 1)
