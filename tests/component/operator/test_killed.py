"""The operator killed at every write of every rung: another begins, and exactly the wanted objects exist.

A scene is what stands, and what then happens. It is played once undisturbed; what stands afterwards is what is wanted.
Then it is played again and again: in the n-th the n-th write is the operator's last, once before the API server heard
of it and once after, until there is no n-th write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from component.operator.crd_check import CrdCheck
from edgewarm.engine.ladder import every_rung
from edgewarm.model.fetchers import FetcherClass
from support.fake_api.replica_sets import is_ready, owner_of
from support.operator_world import PASS, SHOP, WRITES, OperatorWorld
from support.warmth import BY_NODE, POOL, asks, image_volume

pytestmark = pytest.mark.component

Done = Counter[tuple[Any, ...]]
PARKED_AT = "edgewarm.io/parked-at"  # whether a standby was parked or made anew is another question
OPEN = {None, "Pending", "Approved", "Executing"}
PULLED = {"Image", "Data"}
ALIVE = 1e9
LONGEST = 600.0  # a restart lowers nothing for 300 s


@dataclass(frozen=True)
class Scene:
    """What stands before, what happens, and how long the operator is looked at from then on."""

    name: str
    before: Callable[[OperatorWorld], Awaitable[None]]
    happens: Callable[[OperatorWorld], None]
    seconds: float = 120.0


@dataclass(frozen=True)
class Kill:
    """The number of the operator's last write, from 0, and whether the API server heard of it."""

    last: int
    heard: bool


# --- what stands -----------------------------------------------------------------------------------------------------

AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}
TWO = {"min": 2, "max": 2}


def serving(replicas: int, **spec: Any) -> Callable[[OperatorWorld], Awaitable[None]]:
    """So many pods behind a Service, and what the policy holds beside them; longer than what a restart holds."""

    async def before(world: OperatorWorld) -> None:
        world.web(replicas=replicas, requests={"cpu": "1", "memory": "1Gi"})
        world.asked["checkout"] = lambda _: 75.0
        world.policy(**{"scaling": {"minReplicas": replicas, "behavior": AT_ONCE}, **spec})
        await world.start()
        await world.passes(330)

    return before


def parking(low: int, standbys: int) -> dict[str, Any]:
    return {
        "scaling": {"minReplicas": low, "behavior": AT_ONCE},
        "rungs": {"standby": {"min": standbys, "max": 2}, "parking": {"drain": "30s"}},
    }


WEB = "docker.io/library/web:1"
MODEL, TABLE = f"models.example/vision@sha256:{'a' * 64}", f"models.example/table@sha256:{'b' * 64}"
NEWER = f"models.example/vision@sha256:{'c' * 64}"


def item(reference: str) -> dict[str, Any]:
    image, _, digest = reference.partition("@")
    return {"name": image.rpartition("/")[2], "source": {"image": image}, "digest": digest, "size": "2Gi"}


def template(image: str, *mounts: str) -> dict[str, Any]:
    volumes = [image_volume(number, one) for number, one in enumerate(mounts)]
    return {"spec": {"containers": [{"name": "web", "image": image}], "volumes": volumes}}


def pooled(*has: str, mode: str = "Act", **spec: Any) -> Callable[[OperatorWorld], Awaitable[None]]:
    """Pods on node-1, which has all; node-2 and node-3 have only what `has` says, and demand of their own."""

    async def before(world: OperatorWorld) -> None:
        world.api.put(POOL)
        world.kubelets.node("node-1", images=(WEB, MODEL, TABLE))
        for name in ("node-2", "node-3"):
            world.kubelets.node(name, images=has)
        world.deployment(replicas=4, image="web:1")
        world.change("Deployment", "checkout", template=template("web:1", MODEL, TABLE))
        asks(world, node_1=120.0, node_2=40.0, node_3=30.0)
        world.policy(mode=mode, poolRef={"name": "edge"}, demand=BY_NODE, **spec)
        await world.start()
        await world.passes(330)

    return before


CLASS = FetcherClass("files", "operator:1", ("files.example",), 2**31, 10**6, 2**28, frozenset({SHOP}))


def file(digest: str) -> dict[str, Any]:
    source = {"url": "https://files.example/table.bin", "fetcher": "files", "claim": "models"}
    return {"name": "table", "source": {"file": source}, "digest": f"sha256:{digest * 64}", "size": "1Gi"}


def claimed(*items: dict[str, Any]) -> Callable[[OperatorWorld], Awaitable[None]]:
    """Pods that mount a claim, and files that are fetched to it."""

    async def before(world: OperatorWorld) -> None:
        world.rungs = every_rung({CLASS.name: CLASS})
        claim = {"name": "models", "persistentVolumeClaim": {"claimName": "models"}}
        world.deployment(replicas=2, image="web:1", volumes=[claim])
        world.asked["checkout"] = lambda _: 80.0
        world.policy(rungs={"data": {"storage": "4Gi"}}, data=list(items))
        await world.start()
        await world.passes(330)

    return before


# --- what happens ----------------------------------------------------------------------------------------------------


def policy(**spec: Any) -> Callable[[OperatorWorld], None]:
    return lambda world: world.change("WarmingPolicy", "checkout", **spec)


def scaled(replicas: int) -> Callable[[OperatorWorld], None]:
    return lambda world: world.change("Deployment", "checkout", replicas=replicas)


def demand(asked: float) -> Callable[[OperatorWorld], None]:
    return lambda world: world.asked.update(checkout=lambda _: asked)


def another_image(world: OperatorWorld) -> None:
    world.change("Deployment", "checkout", template=template("web:2", MODEL, TABLE))


def another_version(world: OperatorWorld) -> None:
    world.change("Deployment", "checkout", template=template("web:1", NEWER, TABLE))
    world.change("WarmingPolicy", "checkout", data=[item(NEWER), item(TABLE)])


def rolled_out(world: OperatorWorld) -> None:
    found = world.api.get("Deployment", SHOP, "checkout")
    assert found is not None
    spec = {"containers": [{"name": "app", "image": "app:2"}]}
    world.change("Deployment", "checkout", template={**found["spec"]["template"], "spec": spec})


STANDBYS, ROOM, BOTH_ITEMS = {"standby": TWO}, {"nodeRoom": TWO}, [item(MODEL), item(TABLE)]
SCENES = [
    Scene("replicas are added", serving(2), demand(175.0)),
    Scene("standbys are made", serving(2), policy(rungs=STANDBYS)),
    Scene("standbys are promoted and made anew", serving(2, rungs=STANDBYS), scaled(4)),
    Scene("standbys are replaced after a rollout", serving(2, rungs=STANDBYS), rolled_out),
    Scene("standbys are given back", serving(2, rungs=STANDBYS), policy(rungs={})),
    Scene("pods are parked", serving(4, **parking(4, 0)), policy(**parking(2, 2)), 60.0),
    Scene("room is held", serving(2), policy(rungs=ROOM)),
    Scene("room is given back", serving(2, rungs=ROOM), policy(rungs={})),
    Scene("standbys in place of room", serving(2, rungs=ROOM), policy(rungs=STANDBYS)),
    Scene("images are pulled", pooled(mode="Observe"), policy(mode="Act")),
    Scene("another image is pulled", pooled(), another_image),
    Scene("images are given back", pooled(), policy(rungs={"image": {"enabled": False}})),
    Scene("data is staged", pooled(WEB, rungs={"data": {}}), policy(data=BOTH_ITEMS)),
    Scene("another version evicts", pooled(WEB, rungs={"data": {"storage": "4Gi"}}, data=BOTH_ITEMS), another_version),
    Scene("data is given back", pooled(WEB, rungs={"data": {}}, data=BOTH_ITEMS), policy(data=[], rungs={})),
    Scene("a file is fetched", claimed(), policy(data=[file("d")])),
    Scene("another version of a file", claimed(file("d")), policy(data=[file("e")])),
    Scene("what fetched a file goes", claimed(file("d")), policy(data=[], rungs={})),
]
SAMPLED = {
    "standbys are promoted and made anew": 1,
    "pods are parked": 1,
    "room is held": 1,
    "room is given back": 2,  # the decision: what it was made for is gone by then
    "images are pulled": 1,
    "another version evicts": 1,
    "a file is fetched": 1,
}


# --- what is wanted --------------------------------------------------------------------------------------------------


def standing(world: OperatorWorld) -> Done:
    """Pods by owner, rung, node, images and labels, and whether they are of use; the replicas; decisions not closed."""
    found: Done = Counter(map(_pod, world.api.objects("Pod")))
    found["replicas", world.replicas()] += 1
    found["open decisions", sum(phase in OPEN for phase in world.phases())] += 1
    return found


def _pod(pod: dict[str, Any]) -> tuple[Any, ...]:
    labels, notes = pod["metadata"].get("labels") or {}, pod["metadata"].get("annotations") or {}
    rung = labels.get("edgewarm.io/rung")
    images = tuple((one.get("image"), *one.get("args", ())) for one in pod["spec"]["containers"])
    node = notes.get("edgewarm.io/pull-node") or pod["spec"].get("nodeName")
    whole = pod.get("status", {}).get("phase") == "Failed" if rung in PULLED else is_ready(pod)
    told = tuple(sorted((name, value) for name, value in labels.items() if name != PARKED_AT))
    return owner_of(pod).get("kind"), rung, node, images, whole, told


@asynccontextmanager
async def begun(path: Path, scene: Scene) -> AsyncIterator[OperatorWorld]:
    """A world in which the scene has just happened; whatever the operator writes in it must fit the CRDs."""
    path.mkdir()
    async with OperatorWorld(path) as world:
        check = CrdCheck(world.api)
        await scene.before(world)
        scene.happens(world)
        yield world
        assert check.violations == []


async def undisturbed(path: Path, scene: Scene) -> Done:
    """What stands in the end."""
    async with begun(path, scene) as world:
        await world.passes(scene.seconds)
        return standing(world)


async def disturbed(path: Path, scene: Scene, kill: Kill, wanted: Done) -> Done | None:
    """What stands in the end; None where there was no such write."""
    async with begun(path, scene) as world:
        if not await killed(world, kill, scene.seconds):
            return None
        await world.stop()
        world.api.recover()
        await world.start()
        await settled(world, wanted)
        return standing(world)


async def settled(world: OperatorWorld, wanted: Done) -> None:
    """Until what is wanted stands, and a minute longer."""
    for _ in range(round(LONGEST / PASS)):
        if standing(world) == wanted:
            break
        await world.passes(PASS)
    await world.passes(60)


async def killed(world: OperatorWorld, kill: Kill, seconds: float) -> bool:
    """Whether it came to that write; from it on nothing goes through."""
    final = world.api.fail(0, verbs=WRITES, skip=kill.last, heard=True) if kill.heard else None
    rest = world.api.fail(0, times=ALIVE, verbs=WRITES, skip=kill.last)
    for _ in range(round(seconds / PASS)):
        await world.passes(PASS)
        if rest.times < ALIVE or (final is not None and not final.times):
            return True
    return False


@pytest.mark.parametrize("scene", [one for one in SCENES if one.name in SAMPLED], ids=lambda scene: scene.name)
async def test_killed_at_a_write_that_matters_it_ends_where_it_would_have(tmp_path: Path, scene: Scene) -> None:
    """The sample."""
    wanted = await undisturbed(tmp_path / "undisturbed", scene)
    assert await disturbed(tmp_path / "killed", scene, Kill(SAMPLED[scene.name], True), wanted) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("heard", [False, True], ids=["not heard", "heard"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_killed_at_any_write_it_ends_where_it_would_have(
    tmp_path: Path, scene: Scene, heard: bool, record_property: Callable[[str, object], None]
) -> None:
    wanted, last = await undisturbed(tmp_path / "undisturbed", scene), 0
    while (found := await disturbed(tmp_path / str(last), scene, Kill(last, heard), wanted)) is not None:
        assert found == wanted, f"killed at write {last}"
        last += 1
    record_property("writes", last)
    assert last >= 2
