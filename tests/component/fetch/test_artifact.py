"""An OCI artifact comes layer by layer: each verified, resumed, never fetched twice, and asked for with a login."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane.certificates import create_authority
from edgewarm.fetch import Credentials, Fetcher, Interrupted, Keeping, Limits, Order, Refused, Store
from support.fake_registry import FakeRegistry, described, digest_of, secret, secured

pytestmark = pytest.mark.component

MEGABYTE = 1 << 20
MODEL, TABLE, TABLE_2 = os.urandom(2 * MEGABYTE), os.urandom(MEGABYTE), os.urandom(MEGABYTE)
NOW = 1_700_000_000.0
AUTHORITY = create_authority()


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as server:
        yield server


@pytest.fixture
async def safe() -> AsyncIterator[FakeRegistry]:
    """One that speaks TLS."""
    async with FakeRegistry(secure=secured(AUTHORITY)) as server:
        yield server


def order(registry: FakeRegistry, digest: str, name: str = "vision", size: int = 4 * MEGABYTE) -> Order:
    return Order(registry.oci("models/vision"), digest, name, size)


def fetcher(
    registry: FakeRegistry,
    folder: Path,
    keeping: Keeping | None = None,
    given: Credentials | None = None,
    **limits: int,
) -> Fetcher:
    most = {"most_bytes": 8 * MEGABYTE, **limits}
    limited = Limits((registry.host,), pause_seconds=0.01, **most)  # type: ignore[arg-type]
    return Fetcher(
        Store(folder), limited, lambda: NOW, keeping or Keeping(), wait_seconds=0.01, credentials=given or Credentials()
    )


def login(folder: Path, host: str, name: str = "reader", password: str = "secret") -> Credentials:
    """A docker configuration in a mounted Secret, beside the authority of the test's servers."""
    config = json.dumps({"auths": {f"https://{host}/v2/": {"username": name, "password": password}}})
    return Credentials.load(secret(folder, dockerconfigjson=config, ca_crt=AUTHORITY.pem.certificate))


def blobs_asked(registry: FakeRegistry) -> list[str]:
    return [path for path, _ in registry.asked if "/blobs/" in path]


async def test_its_layers_are_files_by_their_titles_and_it_is_found_the_second_time(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL, "tables/menu.bin": TABLE, "": b"no title"})
    first = await fetcher(registry, tmp_path).bring(order(registry, digest))
    asked = len(registry.asked)
    second = await fetcher(registry, tmp_path).bring(order(registry, digest))
    there = tmp_path / "vision"
    assert (there / "model.bin").read_bytes() == MODEL
    assert (there / "tables" / "menu.bin").read_bytes() == TABLE
    assert (there / digest_of(b"no title").replace(":", "-")).read_bytes() == b"no title"
    assert not there.readlink().is_absolute()  # a volume is mounted elsewhere by others
    assert not (there / "model.bin").readlink().is_absolute()
    assert (first.found, first.size, second.found) == (False, len(MODEL) + len(TABLE) + 8, True)
    assert second.size == first.size
    assert (asked, len(registry.asked)) == (4, 4)  # a manifest and three layers, and nothing more


async def test_the_next_version_fetches_only_the_layers_that_differ(registry: FakeRegistry, tmp_path: Path) -> None:
    old = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE})
    new = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE_2})
    await fetcher(registry, tmp_path).bring(order(registry, old))
    registry.asked.clear()
    outcome = await fetcher(registry, tmp_path).bring(order(registry, new))
    assert (outcome.shared, blobs_asked(registry)) == (len(MODEL), [f"/v2/models/vision/blobs/{digest_of(TABLE_2)}"])
    assert (tmp_path / "vision" / "menu.bin").read_bytes() == TABLE_2
    assert (tmp_path / "vision" / "model.bin").read_bytes() == MODEL


async def test_two_layers_of_the_same_bytes_are_fetched_once(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"a.bin": TABLE, "b.bin": TABLE})
    outcome = await fetcher(registry, tmp_path).bring(order(registry, digest, size=MEGABYTE))
    assert (outcome.size, len(blobs_asked(registry))) == (MEGABYTE, 1)
    assert (tmp_path / "vision" / "a.bin").read_bytes() == (tmp_path / "vision" / "b.bin").read_bytes() == TABLE


async def test_a_layer_that_was_broken_off_goes_on_where_it_stopped(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE})
    registry.breaks = [MEGABYTE, 1_500_000]  # the manifest is shorter than that
    with pytest.raises(Interrupted):
        await fetcher(registry, tmp_path, attempts=1).bring(order(registry, digest))
    outcome = await fetcher(registry, tmp_path).bring(order(registry, digest))
    assert outcome.resumed_from > MEGABYTE
    assert registry.sent < 1.2 * (len(MODEL) + len(TABLE)) + 2000
    assert (tmp_path / "vision" / "model.bin").read_bytes() == MODEL


async def test_a_manifest_with_another_digest_is_refused_and_said(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL})
    registry.files[f"/v2/models/vision/manifests/{digest}"] += b" "
    with pytest.raises(Refused, match=f"has digest sha256:[0-9a-f]+, ordered was {digest}"):
        await fetcher(registry, tmp_path).bring(order(registry, digest))
    assert blobs_asked(registry) == []


async def test_a_layer_with_another_digest_is_refused_and_said(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL})
    registry.files[f"/v2/models/vision/blobs/{digest_of(MODEL)}"] = MODEL[:-1] + b"?"
    with pytest.raises(Refused, match=f"ordered was {digest_of(MODEL)}"):
        await fetcher(registry, tmp_path).bring(order(registry, digest))
    assert not (tmp_path / "vision").exists()
    assert Store(tmp_path).blobs() == []


async def test_more_bytes_than_ordered_or_allowed_are_refused_before_a_layer_is_asked_for(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE})
    with pytest.raises(Refused, match=f"has {3 * MEGABYTE} bytes, at most {2 * MEGABYTE} were ordered"):
        await fetcher(registry, tmp_path).bring(order(registry, digest, size=2 * MEGABYTE))
    with pytest.raises(Refused, match="at most 5 are allowed by the fetcher class"):
        await fetcher(registry, tmp_path, most_bytes=5).bring(order(registry, digest))
    assert blobs_asked(registry) == []


async def test_a_layer_that_is_longer_than_its_manifest_says_is_refused(registry: FakeRegistry, tmp_path: Path) -> None:
    lie = {**described("model.bin", MODEL), "size": 1000}
    registry.push("models/vision", {"model.bin": MODEL})
    digest = registry.push_manifest("models/vision", {"schemaVersion": 2, "layers": [lie]})
    with pytest.raises(Refused, match="at most 1000 were ordered"):
        await fetcher(registry, tmp_path).bring(order(registry, digest))


async def test_a_disk_without_room_gets_no_layer(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE})
    full = replace(
        fetcher(registry, tmp_path, spare_bytes=10, attempts=1), store=Store(tmp_path, lambda _: 3 * MEGABYTE)
    )
    with pytest.raises(Interrupted, match="leave less than 10 free on the volume"):
        await full.bring(order(registry, digest))
    assert blobs_asked(registry) == []


async def test_what_an_artifact_that_is_kept_is_made_of_stays(registry: FakeRegistry, tmp_path: Path) -> None:
    """Room for 4 MiB: a new artifact of 1 MiB takes that of the one that is not kept."""
    first = registry.push("models/vision", {"model.bin": MODEL})
    second = registry.push("models/vision", {"menu.bin": TABLE, "other.bin": b"1"})
    third = registry.push("models/vision", {"menu.bin": TABLE_2})
    clock, kept = iter(range(100)), Keeping(4 * MEGABYTE - 1, None, frozenset({first, third}))
    for digest, name in ((first, "a"), (second, "b"), (third, "c")):
        bringing = replace(fetcher(registry, tmp_path, kept), clock=lambda: float(next(clock)))
        outcome = await bringing.bring(order(registry, digest, name, MEGABYTE * 2))
    assert digest_of(TABLE) in [one.digest for one in outcome.evicted]
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_symlink()) == ["a", "c"]
    assert (tmp_path / "a" / "model.bin").read_bytes() == MODEL
    assert not Store(tmp_path).tree(second).exists()


async def test_an_artifact_that_lost_a_layer_is_made_whole_again(registry: FakeRegistry, tmp_path: Path) -> None:
    digest = registry.push("models/vision", {"model.bin": MODEL, "menu.bin": TABLE})
    await fetcher(registry, tmp_path).bring(order(registry, digest))
    Store(tmp_path).blob(digest_of(TABLE)).unlink()
    outcome = await fetcher(registry, tmp_path).bring(order(registry, digest))
    assert (outcome.found, outcome.shared) == (False, len(MODEL))
    assert (tmp_path / "vision" / "menu.bin").read_bytes() == TABLE


async def test_a_token_is_fetched_with_the_login_and_again_once_it_is_worn_out(
    safe: FakeRegistry, tmp_path: Path
) -> None:
    safe.login, safe.bearer, safe.uses = ("reader", "secret"), True, 0
    digest = safe.push("models/vision", {f"{part}.bin": os.urandom(1000) for part in range(5)})
    given = login(tmp_path / "secret", safe.host)
    await fetcher(safe, tmp_path / "store", given=given).bring(order(safe, digest))
    assert [scope for _, scope in safe.tokens] == ["repository:models/vision:pull"] * 2  # one serves three answers
    assert all(one.startswith("Bearer ") for one in safe.given)  # the password goes to the realm only


async def test_a_registry_that_asks_for_a_password_gets_it(safe: FakeRegistry, tmp_path: Path) -> None:
    safe.login = ("reader", "secret")
    digest = safe.push("models/vision", {"model.bin": MODEL})
    given = login(tmp_path / "secret", safe.host)
    await fetcher(safe, tmp_path / "store", given=given).bring(order(safe, digest))
    assert (tmp_path / "store" / "vision" / "model.bin").read_bytes() == MODEL


async def test_a_token_for_nobody_is_enough_where_the_registry_says_so(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.bearer, registry.uses = True, 0
    digest = registry.push("models/vision", {"model.bin": MODEL})
    await fetcher(registry, tmp_path).bring(order(registry, digest))
    assert registry.tokens == [("", "repository:models/vision:pull")]


@pytest.mark.parametrize("bearer", [True, False], ids=["token", "password"])
async def test_a_login_that_is_not_there_or_not_taken_is_said(safe: FakeRegistry, tmp_path: Path, bearer: bool) -> None:
    safe.login, safe.bearer, safe.uses = ("reader", "secret"), bearer, 0
    digest = safe.push("models/vision", {"model.bin": MODEL})
    wrong = login(tmp_path / "wrong", safe.host, password="other")
    with pytest.raises(Refused, match="does not take the login reader" if bearer else "answers 401"):
        await fetcher(safe, tmp_path / "store", given=wrong).bring(order(safe, digest))
    none = login(tmp_path / "none", "other.example")
    with pytest.raises(Refused, match=f"the fetcher class's Secret has no login for {safe.host}"):
        await fetcher(safe, tmp_path / "store", given=none).bring(order(safe, digest))


async def test_a_password_is_never_sent_where_it_could_be_read(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.login = ("reader", "secret")
    digest = registry.push("models/vision", {"model.bin": MODEL})
    config = json.dumps({"auths": {registry.host: {"username": "reader", "password": "secret"}}})
    given = Credentials.load(secret(tmp_path / "secret", dockerconfigjson=config))
    with pytest.raises(Refused, match="a login is only sent by HTTPS"):
        await fetcher(registry, tmp_path / "store", given=given).bring(order(registry, digest))
    assert registry.given == []


async def test_a_login_does_not_follow_a_redirect_to_another_host(safe: FakeRegistry, tmp_path: Path) -> None:
    safe.login = ("reader", "secret")
    digest = safe.push("models/vision", {"model.bin": MODEL})
    async with FakeRegistry({"/far": MODEL}, secure=secured(AUTHORITY)) as far:
        safe.redirects = {f"/v2/models/vision/blobs/{digest_of(MODEL)}": far.url("/far")}
        both = fetcher(safe, tmp_path / "store", given=login(tmp_path / "secret", safe.host))
        await replace(both, limits=replace(both.limits, hosts=(safe.host, far.host))).bring(order(safe, digest))
        assert (len(far.asked), far.given) == (1, [])
    assert (tmp_path / "store" / "vision" / "model.bin").read_bytes() == MODEL


async def test_a_realm_on_a_host_that_is_not_allowed_gets_nothing(safe: FakeRegistry, tmp_path: Path) -> None:
    safe.login, safe.bearer, safe.uses = ("reader", "secret"), True, 0
    digest = safe.push("models/vision", {"model.bin": MODEL})
    narrow = fetcher(safe, tmp_path / "store", given=login(tmp_path / "secret", safe.host))
    safe.host = safe.host.replace("127.0.0.1", "localhost")  # so it says where its realm is
    asked = replace(order(safe, digest), url=order(safe, digest).url.replace("localhost", "127.0.0.1"))
    with pytest.raises(Refused, match=r"host localhost:\d+ is not one that the fetcher class allows"):
        await narrow.bring(asked)
    assert safe.tokens == []


async def test_a_file_behind_a_password_is_fetched_too(tmp_path: Path) -> None:
    async with FakeRegistry({"/a": TABLE}, secure=secured(AUTHORITY), login=("reader", "secret")) as files:
        given = secret(tmp_path / "s", username="reader", password="secret\n", ca_crt=AUTHORITY.pem.certificate)
        wanted = Order(files.url("/a"), digest_of(TABLE), "a", MEGABYTE)
        await fetcher(files, tmp_path / "store", given=Credentials.load(given)).bring(wanted)
    assert (tmp_path / "store" / "a").read_bytes() == TABLE


async def test_an_authority_that_nobody_vouches_for_is_not_trusted(safe: FakeRegistry, tmp_path: Path) -> None:
    digest = safe.push("models/vision", {"model.bin": MODEL})
    with pytest.raises(Interrupted, match="ertificate"):
        await fetcher(safe, tmp_path, attempts=1).bring(order(safe, digest))
