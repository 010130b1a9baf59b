"""A warm neighbour is asked first, by digest: it saves the way to the source, can not lie, and holds nothing up."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.certificates import create_authority
from edgewarm.fetch import Credentials, Fetcher, Interrupted, Limits, Order, Refused, Store
from support.fake_files import FakeFiles
from support.fake_registry import FakeRegistry, digest_of, secret, secured

pytestmark = pytest.mark.component

MEGABYTE = 1 << 20
CONTENT = os.urandom(2 * MEGABYTE)
DIGEST = digest_of(CONTENT)
PLACE = f"/claim/blobs/{DIGEST.replace(':', '-')}"
AUTHORITY = create_authority()


@pytest.fixture
async def files() -> AsyncIterator[FakeFiles]:
    async with FakeFiles({"/model": CONTENT}) as server:
        yield server


@pytest.fixture
async def near() -> AsyncIterator[FakeFiles]:
    """Any HTTP server over a claim of the same kind."""
    async with FakeFiles({PLACE: CONTENT}) as server:
        yield server


def order(files: FakeFiles) -> Order:
    return Order(files.url("/model"), DIGEST, "model", 4 * MEGABYTE)


def fetcher(files: FakeFiles, folder: Path, *near: str, **limits: float) -> Fetcher:
    given = {"most_bytes": 4 * MEGABYTE, "attempts": 1, "pause_seconds": 0.01, **limits}
    limited = Limits((files.host,), neighbours=near, **given)  # type: ignore[arg-type]
    return Fetcher(Store(folder), limited, lambda: 0.0)


async def test_what_a_neighbour_has_is_not_asked_of_the_source(
    files: FakeFiles, near: FakeFiles, tmp_path: Path
) -> None:
    outcome = await fetcher(files, tmp_path, near.url("/claim")).bring(order(files))
    assert (tmp_path / "model").read_bytes() == CONTENT
    assert (files.asked, outcome.near) == ([], len(CONTENT))


async def test_a_store_is_a_neighbour_as_it_stands(files: FakeFiles, near: FakeFiles, tmp_path: Path) -> None:
    """Another store, served file by file."""
    await fetcher(files, tmp_path / "a").bring(order(files))
    there = [path for path in (tmp_path / "a" / "blobs").iterdir()]
    near.files = {f"/blobs/{path.name}": path.read_bytes() for path in there}
    files.asked.clear()
    await fetcher(files, tmp_path / "b", near.url("")).bring(order(files))
    assert files.asked == []


async def test_the_next_neighbour_and_then_the_source_are_asked_for_what_one_lacks(
    files: FakeFiles, near: FakeFiles, tmp_path: Path
) -> None:
    async with FakeFiles() as empty:
        addresses = (empty.url("/claim"), near.url("/other"))
        outcome = await fetcher(files, tmp_path, *addresses).bring(order(files))
        assert (len(empty.asked), len(near.asked), len(files.asked), outcome.near) == (1, 1, 1, 0)
        near.asked.clear()
        await fetcher(files, tmp_path / "b", empty.url("/claim"), near.url("/claim")).bring(order(files))
        assert (len(near.asked), len(files.asked)) == (1, 1)


async def test_a_neighbour_that_does_not_answer_holds_nothing_up(files: FakeFiles, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        outcome = await fetcher(files, tmp_path, address).bring(order(files))
    assert (outcome.near, len(files.asked)) == (0, 1)


async def test_the_source_goes_on_where_a_neighbour_broke_off_and_the_other_way_round(
    files: FakeFiles, near: FakeFiles, tmp_path: Path
) -> None:
    near.breaks, near.tags = [MEGABYTE], {PLACE: '"another tag"'}
    outcome = await fetcher(files, tmp_path / "a", near.url("/claim")).bring(order(files))
    assert outcome.resumed_from > MEGABYTE / 2
    assert (tmp_path / "a" / "model").read_bytes() == CONTENT
    files.breaks = [MEGABYTE]
    with pytest.raises(Interrupted):
        await fetcher(files, tmp_path / "b").bring(order(files))
    outcome = await fetcher(files, tmp_path / "b", near.url("/claim")).bring(order(files))
    assert (outcome.resumed_from > MEGABYTE / 2, outcome.near) == (True, len(CONTENT))


async def test_a_neighbour_that_lies_is_found_out(files: FakeFiles, near: FakeFiles, tmp_path: Path) -> None:
    near.files[PLACE] = CONTENT[:-1] + b"?"
    await fetcher(files, tmp_path, near.url("/claim")).bring(order(files))
    assert (tmp_path / "model").read_bytes() == CONTENT
    assert len(files.asked) == 1


async def test_a_neighbour_leads_nowhere_else(files: FakeFiles, near: FakeFiles, tmp_path: Path) -> None:
    async with FakeFiles({"/far": CONTENT}) as far:
        near.redirects = {PLACE: far.url("/far")}
        await fetcher(files, tmp_path, near.url("/claim")).bring(order(files))
        assert far.asked == []
    with pytest.raises(Refused, match="is not one that the fetcher class allows"):
        await fetcher(files, tmp_path / "b", near.url("/claim")).bring(replace(order(files), url=near.url("/model")))


async def test_layers_come_from_a_neighbour_without_the_login_and_the_manifest_from_the_registry(
    near: FakeFiles, tmp_path: Path
) -> None:
    async with FakeRegistry(secure=secured(AUTHORITY), login=("reader", "secret")) as registry:
        digest = registry.push("models/vision", {"model.bin": CONTENT})
        config = json.dumps({"auths": {registry.host: {"username": "reader", "password": "secret"}}})
        given = secret(tmp_path / "secret", dockerconfigjson=config, ca_crt=AUTHORITY.pem.certificate)
        wanted = Order(registry.oci("models/vision"), digest, "vision", 4 * MEGABYTE)
        plain = fetcher(registry, tmp_path / "store", near.url("/claim"))
        outcome = await replace(plain, credentials=Credentials.load(given)).bring(wanted)
        assert [path for path, _ in registry.asked] == [f"/v2/models/vision/manifests/{digest}"]
    assert (outcome.near, (tmp_path / "store" / "vision" / "model.bin").read_bytes()) == (len(CONTENT), CONTENT)
