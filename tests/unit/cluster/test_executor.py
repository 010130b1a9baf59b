"""What is written is guarded, and waited for until the cache shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from edgewarm.cluster.executor import FORGET_SECONDS, Executor
from edgewarm.cluster.resources import Resource
from edgewarm.model.errors import Conflict
from edgewarm.model.identity import Key
from edgewarm.model.operations import CreateObject, DeleteObject, PatchObject
from edgewarm.model.workload import Pod
from support.warm import standby

pytestmark = pytest.mark.unit
SEEN = standby("s1")
DELETE = DeleteObject("owner", "Pod", SEEN.key, SEEN.uid, SEEN.resource_version, "too old", 1)
PATCH = PatchObject("owner", "Pod", SEEN.key, SEEN.uid, SEEN.resource_version, {"metadata": {"labels": {}}}, "promoted")
CREATE = CreateObject("owner", "Pod", "shop", {"metadata": {"generateName": "web-"}}, "wanted")


@dataclass
class Api:
    """Remembers what it was asked."""

    asked: list[tuple[str, Any]] = field(default_factory=list)
    problem: Exception | None = None

    async def create(self, resource: Resource, namespace: str, manifest: Mapping[str, Any]) -> bytes:
        self.asked.append(("create", manifest))
        return msgspec.json.encode({"metadata": {"name": "web-x", "uid": "uid-new", "namespace": namespace}})

    async def delete(self, resource: Resource, key: Key, options: Mapping[str, Any] | None = None) -> None:
        self.asked.append(("delete", options))

    async def merge_patch(self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = "") -> bytes:
        if self.problem:
            raise self.problem
        self.asked.append(("patch", body))
        return b"{}"

    async def strategic_patch(
        self, resource: Resource, key: Key, body: Mapping[str, Any], subresource: str = ""
    ) -> bytes:
        self.asked.append((f"strategic patch of {subresource}", body))
        return b"{}"


@dataclass
class World:
    """An executor over a cache of pods."""

    now: float = 0.0
    api: Api = field(default_factory=Api)
    cache: dict[Key, Pod] = field(default_factory=lambda: {SEEN.key: SEEN})
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.executor = Executor(self.api, lambda: self.now, lambda _, key: self.cache.get(key), self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    def see(self, old: Pod | None, new: Pod | None) -> None:
        self.executor.changed(old, new)


async def test_a_delete_names_the_uid_and_the_version_that_were_seen() -> None:
    world = World()
    await world.executor.carry_out(DELETE)
    guard = {"uid": "uid-s1", "resourceVersion": "7"}
    assert world.api.asked == [("delete", {"preconditions": guard, "gracePeriodSeconds": 1})]


async def test_a_patch_names_them_too() -> None:
    world = World()
    await world.executor.carry_out(PATCH)
    assert world.api.asked == [("patch", {"metadata": {"labels": {}, "uid": "uid-s1", "resourceVersion": "7"}})]


async def test_a_resize_is_a_strategic_merge_patch_so_that_containers_keep_their_other_fields() -> None:
    world = World()
    body = {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "20m"}}}]}}
    await world.executor.carry_out(replace(PATCH, body=body, subresource="resize"))
    guarded = {**body, "metadata": {"uid": "uid-s1", "resourceVersion": "7"}}
    assert world.api.asked == [("strategic patch of resize", guarded)]
    assert world.executor.unseen() == {"owner"}


async def test_a_created_object_is_waited_for_by_its_uid() -> None:
    world = World()
    await world.executor.carry_out(CREATE)
    assert world.executor.unseen() == {"owner"}
    world.see(None, standby("other"))
    assert world.executor.unseen() == {"owner"}
    world.see(None, standby("web-x", uid="uid-new"))
    assert world.executor.unseen() == frozenset()


async def test_a_watch_that_was_faster_than_the_answer_is_not_waited_for() -> None:
    world = World()
    world.cache[Key("shop", "web-x")] = standby("web-x", uid="uid-new")
    await world.executor.carry_out(CREATE)
    assert world.executor.unseen() == frozenset()


async def test_a_patched_object_is_waited_for_in_another_version() -> None:
    world = World()
    await world.executor.carry_out(PATCH)
    world.see(SEEN, SEEN)
    assert world.executor.unseen() == {"owner"}
    world.see(SEEN, replace(SEEN, resource_version="8"))
    assert world.executor.unseen() == frozenset()


@pytest.mark.parametrize("shown", [replace(SEEN, deleting=True, resource_version="8"), None], ids=["going", "gone"])
async def test_a_deleted_object_is_waited_for_until_it_goes(shown: Pod | None) -> None:
    world = World()
    await world.executor.carry_out(DELETE)
    world.see(SEEN, replace(SEEN, resource_version="8"))  # some other change
    assert world.executor.unseen() == {"owner"}
    world.see(SEEN, shown)
    assert world.executor.unseen() == frozenset()


async def test_what_somebody_deletes_before_we_saw_it_is_not_waited_for() -> None:
    world = World()
    await world.executor.carry_out(CREATE)
    world.see(standby("web-x", uid="uid-new"), None)
    assert world.executor.unseen() == frozenset()


async def test_what_is_never_seen_is_forgotten() -> None:
    world = World()
    await world.executor.carry_out(CREATE)
    world.now = FORGET_SECONDS + 1
    assert world.executor.unseen() == frozenset()


async def test_what_was_refused_is_not_waited_for() -> None:
    world = World(api=Api(problem=Conflict("it changed")))
    with pytest.raises(Conflict):
        await world.executor.carry_out(PATCH)
    assert world.executor.unseen() == frozenset()


async def test_creations_are_rationed_and_promotions_are_not() -> None:
    world = World()
    for _ in range(60):
        await world.executor.carry_out(PATCH)
    assert world.waits == []
    for _ in range(60):
        await world.executor.carry_out(CREATE)
    assert len(world.waits) == 20  # 40 at once, then 20 a second
    assert world.waits[-1] == pytest.approx(1.0)
