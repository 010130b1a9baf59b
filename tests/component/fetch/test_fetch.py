"""A file comes whole or not at all, over a bad link too, and each byte is asked for once where the server can."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edgewarm.fetch import Fetcher, Interrupted, Keeping, Limits, Order, Refused, Store
from support.fake_files import FakeFiles

pytestmark = pytest.mark.component

MEGABYTE = 1 << 20
CONTENT = os.urandom(2 * MEGABYTE)
NOW = 1_700_000_000.0


@pytest.fixture
async def files() -> AsyncIterator[FakeFiles]:
    async with FakeFiles({"/model": CONTENT}) as server:
        yield server


def order(files: FakeFiles, path: str = "/model", content: bytes = CONTENT, name: str = "model") -> Order:
    return Order(files.url(path), f"sha256:{hashlib.sha256(content).hexdigest()}", name, 4 * MEGABYTE)


def fetcher(files: FakeFiles, folder: Path, keeping: Keeping | None = None, **limits: object) -> Fetcher:
    given = {"most_bytes": 4 * MEGABYTE, "pause_seconds": 0.01, **limits}
    return Fetcher(Store(folder), Limits((files.host,), **given), lambda: NOW, keeping or Keeping())  # type: ignore[arg-type]


async def test_it_arrives_once_and_is_found_the_second_time(files: FakeFiles, tmp_path: Path) -> None:
    first = await fetcher(files, tmp_path).bring(order(files))
    second = await fetcher(files, tmp_path).bring(order(files))
    assert (tmp_path / "model").read_bytes() == CONTENT
    assert (first.found, first.tries, first.size, second.found) == (False, 1, len(CONTENT), True)
    assert files.sent == len(CONTENT)


async def test_broken_off_it_goes_on_where_it_stopped(files: FakeFiles, tmp_path: Path) -> None:
    files.breaks = [700_000, 500_000]
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert outcome.tries == 3
    assert files.asked[0] == ("/model", "")
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for _, asked in files.asked[1:]]
    assert 0 < starts[0] <= 700_000 < starts[1] <= 1_200_000  # what was on its way at the break may be lost
    assert outcome.resumed_from == starts[1]
    assert files.sent < 1.3 * len(CONTENT)
    assert (tmp_path / "model").read_bytes() == CONTENT


async def test_another_process_goes_on_where_the_first_gave_up(files: FakeFiles, tmp_path: Path) -> None:
    files.breaks = [1_500_000]
    with pytest.raises(Interrupted):
        await fetcher(files, tmp_path, attempts=1).bring(order(files))
    assert not (tmp_path / "model").exists()
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert (outcome.tries, outcome.resumed_from > 1_000_000) == (1, True)


async def test_a_version_that_nobody_wants_any_more_makes_room_half_fetched(files: FakeFiles, tmp_path: Path) -> None:
    """At most 1 MiB came of the old version; 2 MiB are asked for, and are all that the store may hold."""
    files.files["/old"], files.breaks = CONTENT[::-1], [MEGABYTE]
    old = order(files, "/old", CONTENT[::-1], "old")
    with pytest.raises(Interrupted):
        await fetcher(files, tmp_path, attempts=1).bring(old)
    left = Store(tmp_path).begun_bytes(old.digest)
    new = replace(order(files), size=len(CONTENT))
    outcome = await fetcher(files, tmp_path, Keeping(2 * MEGABYTE)).bring(new)
    assert 0 < left <= MEGABYTE
    assert [(one.digest, one.size) for one in outcome.evicted] == [(old.digest, left)]
    assert Store(tmp_path).begun_bytes(old.digest) == 0


async def test_what_is_complete_but_was_not_renamed_is_not_fetched_again(files: FakeFiles, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.begin(order(files).digest, '"1"')
    store.partial(order(files).digest).write_bytes(CONTENT)
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert (files.sent, outcome.resumed_from) == (0, len(CONTENT))


async def test_a_server_without_ranges_sends_all_again(files: FakeFiles, tmp_path: Path) -> None:
    files.breaks, files.ranges = [1_000_000], False
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert (outcome.tries, outcome.resumed_from) == (2, 0)
    assert files.sent > 1.4 * len(CONTENT)
    assert (tmp_path / "model").read_bytes() == CONTENT


async def test_a_version_that_changed_in_between_is_fetched_from_its_first_byte(
    files: FakeFiles, tmp_path: Path
) -> None:
    files.files["/model"], files.tags["/model"], files.breaks = b"0" * len(CONTENT), '"0"', [1_000_000]
    with pytest.raises(Interrupted):
        await fetcher(files, tmp_path, attempts=1).bring(order(files))
    files.files["/model"], files.tags["/model"] = CONTENT, '"1"'
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert (outcome.tries, outcome.resumed_from) == (1, 0)


async def test_old_bytes_that_spoil_the_digest_are_dropped_and_it_begins_again(
    files: FakeFiles, tmp_path: Path
) -> None:
    store = Store(tmp_path)
    store.begin(order(files).digest, "")  # no entity tag: nothing says that the version changed
    store.partial(order(files).digest).write_bytes(b"other" * 1000)
    outcome = await fetcher(files, tmp_path).bring(order(files))
    assert (outcome.tries, outcome.resumed_from) == (2, 0)
    assert (tmp_path / "model").read_bytes() == CONTENT


async def test_a_wrong_digest_is_refused_and_said_and_nothing_stays(files: FakeFiles, tmp_path: Path) -> None:
    wrong = order(files, content=b"something else")
    with pytest.raises(Refused, match=f"has digest sha256:[0-9a-f]+, ordered was {wrong.digest}"):
        await fetcher(files, tmp_path).bring(wrong)
    assert Store(tmp_path).blobs() == []
    assert not Store(tmp_path).partial(wrong.digest).exists()
    assert len(files.asked) == 1


@pytest.mark.parametrize("lengths", [True, False], ids=["told before", "found out on the way"])
async def test_more_bytes_than_ordered_are_refused(files: FakeFiles, tmp_path: Path, lengths: bool) -> None:
    files.lengths = lengths
    small = replace(order(files), size=MEGABYTE)
    with pytest.raises(Refused, match="bytes or more, at most 1048576 were ordered"):
        await fetcher(files, tmp_path).bring(small)
    with pytest.raises(Refused, match="at most 5 are allowed by the fetcher class"):
        await fetcher(files, tmp_path, most_bytes=5).bring(small)


async def test_a_redirect_to_an_allowed_host_is_followed_and_resumed_there(files: FakeFiles, tmp_path: Path) -> None:
    files.redirects, files.breaks = {"/latest": "/model"}, [1_000_000]
    outcome = await fetcher(files, tmp_path).bring(order(files, "/latest"))
    assert outcome.tries == 2
    assert [path for path, _ in files.asked] == ["/latest", "/model"] * 2


async def test_a_redirect_to_another_host_is_never_asked(files: FakeFiles, tmp_path: Path) -> None:
    async with FakeFiles({"/model": CONTENT}) as elsewhere:
        files.redirects = {"/model": elsewhere.url("/model")}
        with pytest.raises(Refused, match="is not one that the fetcher class allows"):
            await fetcher(files, tmp_path).bring(order(files))
        assert elsewhere.asked == []


async def test_a_circle_of_redirects_ends(files: FakeFiles, tmp_path: Path) -> None:
    files.redirects = {"/a": "/b", "/b": "/a"}
    with pytest.raises(Refused, match="redirects more than 5 times"):
        await fetcher(files, tmp_path).bring(order(files, "/a"))


async def test_an_overloaded_server_is_asked_again_and_a_missing_file_is_not(files: FakeFiles, tmp_path: Path) -> None:
    files.statuses = [503, 429]
    assert (await fetcher(files, tmp_path).bring(order(files))).tries == 3
    with pytest.raises(Refused, match="answers 404"):
        await fetcher(files, tmp_path).bring(order(files, "/none", b"none"))
    assert len(files.asked) == 4


async def test_a_silent_source_is_given_up_for_now(files: FakeFiles, tmp_path: Path) -> None:
    files.silent = True
    with pytest.raises(Interrupted, match="Timeout"):
        await fetcher(files, tmp_path, idle_seconds=0.2, attempts=2).bring(order(files))
    assert len(files.asked) == 2


async def test_a_slow_source_is_waited_for_as_long_as_bytes_come(files: FakeFiles, tmp_path: Path) -> None:
    files.pause_seconds = 0.02  # 32 chunks: 0.6 s in all
    assert (await fetcher(files, tmp_path, idle_seconds=0.4).bring(order(files))).tries == 1


async def test_no_more_bytes_a_second_than_allowed(files: FakeFiles, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await fetcher(files, tmp_path, bytes_per_second=4 * MEGABYTE).bring(order(files))
    assert loop.time() - begun >= 0.5 - 0.02  # 2 MiB at 4 MiB/s, and never faster


async def test_a_disk_without_room_gets_nothing(files: FakeFiles, tmp_path: Path) -> None:
    full = replace(fetcher(files, tmp_path, attempts=1, spare_bytes=10), store=Store(tmp_path, lambda _: len(CONTENT)))
    with pytest.raises(Interrupted, match="leave less than 10 free on the volume"):
        await full.bring(order(files))
    assert Store(tmp_path).blobs() == []


async def test_the_longest_unused_makes_room_in_the_budget(files: FakeFiles, tmp_path: Path) -> None:
    small = {f"/{name}": name.encode() * MEGABYTE for name in "abc"}
    files.files |= small
    clock = iter(range(100))
    keeping = Keeping(3 * MEGABYTE)

    def bring(name: str) -> Fetcher:
        return replace(fetcher(files, tmp_path, keeping), clock=lambda: float(next(clock)))

    orders = {name: replace(order(files, f"/{name}", small[f"/{name}"], name), size=MEGABYTE) for name in "abc"}
    for name in ("a", "b", "c", "a"):
        await bring(name).bring(orders[name])
    outcome = await bring("model").bring(replace(order(files), size=2 * MEGABYTE))
    assert [one.digest for one in outcome.evicted] == [orders["b"].digest, orders["c"].digest]  # a was used again
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_symlink()) == ["a", "model"]


async def test_two_that_want_the_same_ask_for_it_once(files: FakeFiles, tmp_path: Path) -> None:
    files.pause_seconds = 0.005
    both = [replace(fetcher(files, tmp_path), wait_seconds=0.02).bring(order(files, name=name)) for name in ("a", "b")]
    found = await asyncio.gather(*both)
    assert sorted(one.found for one in found) == [False, True]
    assert files.sent == len(CONTENT)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == CONTENT


async def test_a_large_file_needs_little_memory(files: FakeFiles, tmp_path: Path) -> None:
    large = os.urandom(MEGABYTE) * 32
    files.files["/large"] = large
    wanted = replace(order(files, "/large", large, "large"), size=len(large))
    tracemalloc.start()
    try:
        await fetcher(files, tmp_path, most_bytes=len(large)).bring(wanted)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(large) / 4  # the server and its chunks are in this process too


async def test_the_command_tells_what_became_of_it(files: FakeFiles, tmp_path: Path) -> None:
    async def command(*extra: str, path: str = "/model") -> tuple[int, dict[str, object]]:
        wanted, log = order(files), tmp_path / "termination-log"
        argv = ["-m", "edgewarm", "fetch", files.url(path), "--digest", wanted.digest, "--name", "model"]
        argv += ["--size", "4Mi", "--into", str(tmp_path / "store"), "--spare", "0", "--report", str(log), *extra]
        process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.DEVNULL)
        code = await process.wait()
        return code, json.loads(log.read_text())

    assert await command("--host", "files.example") == (
        3,
        {"outcome": "Refused", "message": f"host {files.host} is not one that the fetcher class allows: files.example"},
    )
    fetched = {"outcome": "Fetched", "bytes": len(CONTENT), "tries": 1, "resumedFrom": 0}
    assert await command("--host", files.host) == (0, fetched)
    assert (tmp_path / "store" / "model").read_bytes() == CONTENT
