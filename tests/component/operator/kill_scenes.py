"""What the operator is killed in: every rung as it begins, changes and ends; see test_killed.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from component.operator import test_pool_standbys as pool_standbys
from component.operator.test_migration import node, serving_on_node_1
from component.operator.test_yielding import full, waiting
from edgewarm.engine.ladder import every_rung
from edgewarm.model.fetchers import FetcherClass
from support.operator_world import SHOP, OperatorWorld
from support.warmth import BY_NODE, POOL, asks, image_volume, tells

FULL, REST = "900m", "100m"  # as an API server writes them: a fake one keeps 1000m as it is


@dataclass(frozen=True)
class Scene:
    """What stands before, what happens, and how long the operator is looked at from then on.

    `cold`: what a pod takes to start from then on. `anew`: warm pods may be made anew where they would have been kept.
    """

    name: str
    before: Callable[[OperatorWorld], Awaitable[None]]
    happens: Callable[[OperatorWorld], None]
    seconds: float = 120.0
    cold: float = 30.0
    anew: bool = False


# --- what stands -----------------------------------------------------------------------------------------------------

AT_ONCE = {"scaleDown": {"stabilizationWindowSeconds": 0}}
TWO = {"min": 2, "max": 2}


def serving(replicas: int, **spec: Any) -> Callable[[OperatorWorld], Awaitable[None]]:
    """So many pods behind a Service, and what the policy holds beside them; longer than what a restart holds."""

    async def before(world: OperatorWorld) -> None:
        world.web(replicas=replicas, requests={"cpu": FULL, "memory": "1Gi"})
        world.asked["checkout"] = lambda _: 75.0
        world.policy(**{"scaling": {"minReplicas": replicas, "behavior": AT_ONCE}, **spec})
        await world.start()
        await world.passes(330)

    return before


async def labelled(world: OperatorWorld) -> None:
    """Standbys of pods with a label that no Service asks for."""
    await serving(2, rungs=STANDBYS)(world)
    rolled_out(world, tier="web")
    await world.passes(180)


def moving(**standby: Any) -> Callable[[OperatorWorld], Awaitable[None]]:
    """Three pods on node-1 that may leave it behind standbys."""

    async def before(world: OperatorWorld) -> None:
        rungs = {"standby": standby, "migration": {}, "image": {"enabled": False}}
        await serving_on_node_1(world, None, {"cpu": FULL}, rungs=rungs)
        await world.passes(330)

    return before


async def sharing_a_node(world: OperatorWorld) -> None:
    """Two policies of one pool, each with a pod and a standby on its node, which has no room left."""
    every = [{"key": "other", "operator": "DoesNotExist"}]
    pool_standbys.pool(world, selector={"matchExpressions": every})
    one = {"standby": {"min": 1, "max": 1}, "image": {"enabled": False}}
    await full(world, poolRef={"name": "edge"}, rungs=one)
    await world.passes(330)


async def on_one_of_two_nodes(world: OperatorWorld) -> None:
    await pool_standbys.two_nodes(world)
    await world.passes(330)


async def of_low_priority(world: OperatorWorld) -> None:
    """Two standbys on the one node of a pool, which holds two pods."""
    pool_standbys.node(world, "edge-1", cpu="2")
    pool_standbys.pool(world, preemption="PreemptLowerPriority")
    pool_standbys.policy(world, qos={"priority": "Low"})
    await world.start()
    await world.passes(330)


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


def scaled_out(world: OperatorWorld) -> None:
    """By somebody else, for a demand that is there."""
    world.change("Deployment", "checkout", replicas=4)
    demand(175.0)(world)


def demand(asked: float) -> Callable[[OperatorWorld], None]:
    return lambda world: world.asked.update(checkout=lambda _: asked)


def approved(world: OperatorWorld) -> None:
    (proposal,) = world.decisions()
    world.change("ScalingDecision", proposal["metadata"]["name"], approval="Approved")


def another_image(world: OperatorWorld) -> None:
    world.change("Deployment", "checkout", template=template("web:2", MODEL, TABLE))


def another_version(world: OperatorWorld) -> None:
    world.change("Deployment", "checkout", template=template("web:1", NEWER, TABLE))
    world.change("WarmingPolicy", "checkout", data=[item(NEWER), item(TABLE)])


def rolled_out(world: OperatorWorld, **labels: str) -> None:
    found = world.api.get("Deployment", SHOP, "checkout")
    assert found is not None
    before = found["spec"]["template"]
    (container,) = before["spec"]["containers"]
    template = {"metadata": {"labels": {**before["metadata"]["labels"], **labels}}}
    world.change(
        "Deployment", "checkout", template={**template, "spec": {"containers": [{**container, "image": "app:2"}]}}
    )


def of_high_priority(world: OperatorWorld) -> None:
    """Another policy of the pool, that asks for as much."""
    pool_standbys.policy(world, "search", qos={"priority": "High"})


def asked_for(world: OperatorWorld) -> None:
    """By a Service that is added later."""
    world.api.put(
        {"kind": "Service", "metadata": {"name": "tier", "namespace": SHOP}, "spec": {"selector": {"tier": "web"}}}
    )


def cordoned(world: OperatorWorld) -> None:
    node(world, "node-1", unschedulable=True)


STANDBYS, ROOM, BOTH_ITEMS = {"standby": TWO}, {"nodeRoom": TWO}, [item(MODEL), item(TABLE)]
LOW: dict[str, Any] = {**TWO, "rest": {"cpu": REST}}
WORN = {"standby": {**TWO, "maxAge": "5m"}}  # those that are there are older
RESTING = {"standby": LOW}
SCENES = [
    Scene("replicas are added", serving(2), demand(175.0)),
    Scene("standbys are made", serving(2), policy(rungs=STANDBYS)),
    Scene("standbys are proposed", serving(2, mode="Recommend"), policy(rungs=STANDBYS)),
    Scene("standbys are approved", serving(2, mode="Recommend", rungs=STANDBYS), approved),
    Scene("standbys are promoted and made anew", serving(2, rungs=STANDBYS), scaled_out),
    Scene("standbys are replaced after a rollout", serving(2, rungs=STANDBYS), rolled_out),
    Scene("standbys are hidden again", labelled, asked_for),
    Scene("standbys are lowered", serving(2), policy(rungs=RESTING)),
    Scene("standbys at rest rise and are promoted", serving(2, rungs=RESTING), scaled_out, 210.0, cold=120.0),
    Scene("standbys rest no more", serving(2, rungs=RESTING), policy(rungs=STANDBYS)),
    Scene("pods leave a node", moving(min=0, max=2), cordoned, 150.0),
    Scene("pods leave a node behind standbys at rest", moving(**LOW), cordoned, 150.0),
    Scene("worn standbys are replaced", serving(2, rungs=STANDBYS), policy(rungs=WORN), 150.0),
    Scene("a standby gives way", sharing_a_node, lambda world: waiting(world, "stranger"), 60.0),
    Scene("a node is silent", on_one_of_two_nodes, lambda world: tells(world, "edge-1", "Unknown"), 180.0),
    Scene("standbys give way to what matters more", of_low_priority, of_high_priority),
    Scene("standbys are given back", serving(2, rungs=STANDBYS), policy(rungs={})),
    Scene("pods are parked", serving(4, **parking(4, 0)), policy(**parking(2, 2)), 60.0, anew=True),
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
# killed when the API server has heard of the first such write
SAMPLED = {
    "standbys are promoted and made anew": "patch pods",
    "standbys are hidden again": "patch pods",
    "worn standbys are replaced": "create pods",
    "a standby gives way": "delete pods",
    "a node is silent": "create pods",
    "standbys give way to what matters more": "delete pods",  # one of two
    "standbys at rest rise and are promoted": "patch pods",  # one of two
    "pods leave a node": "create pods",
    "pods leave a node behind standbys at rest": "patch pods",  # one is marked, and nothing is promoted yet
    "pods are parked": "patch pods",
    "room is held": "create pods",
    "room is given back": "create scalingdecisions",  # what it was made for is gone by then
    "images are pulled": "create pods",
    "another version evicts": "delete pods",
    "a file is fetched": "create pods",
}
