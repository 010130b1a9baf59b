"""Migration where standbys rest: one rises, and has its cpu, before the pod in whose stead it serves is asked to go."""

from __future__ import annotations

from typing import Any

import pytest

from component.operator.test_migration import node, said, serving_on_node_1, standbys, where
from support.fake_api.replica_sets import DELETION_COST, is_ready
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component
REST, FULL = "100m", "900m"


def cpu(pod: dict[str, Any]) -> list[str]:
    """[asked, given]."""
    parts = (pod["spec"]["containers"][0], pod["status"]["containerStatuses"][0])
    return [part["resources"]["requests"]["cpu"] for part in parts]


def sizes(world: OperatorWorld) -> list[list[str]]:
    return [cpu(pod) for pod in standbys(world) if is_ready(pod)]


async def two_at_rest(world: OperatorWorld, **pool: Any) -> list[int]:
    """Three pods on node-1, two standbys at rest elsewhere, and no more allowed, so that one must rise."""
    rungs = {"standby": {"min": 2, "max": 2, "rest": {"cpu": REST}}, "migration": {}}
    counts = await serving_on_node_1(world, pool, {"cpu": FULL}, rungs=rungs)
    await world.until(lambda: sizes(world) == [[REST, REST]] * 2, 300)
    assert {pod["spec"]["nodeName"] for pod in standbys(world)} == {"edge-1", "edge-2"}
    return counts


def step(path: str, body: dict[str, Any]) -> str:
    if path.endswith("/eviction"):
        return "ask"
    if path.endswith("/resize"):
        return "lower" if body["spec"]["containers"][0]["resources"]["requests"]["cpu"] == REST else "rise"
    return "mark" if DELETION_COST in str(body) else "promote"


def steps(world: OperatorWorld) -> list[str]:
    """What was done to pods that are there, in order."""
    found = world.written("/pods/", verbs=["patch", "create"])
    return [step(request.path, request.body) for _, request in found if request.status < 300]


def watched(world: OperatorWorld) -> tuple[dict[str, bool], list[str]]:
    """Of each pod, when it was marked: was a standby full by then? And the names of pods that served with less."""
    risen, low = dict[str, bool](), list[str]()

    def look(change: Any) -> None:
        pod = change.object
        if pod["kind"] != "Pod":
            return
        if DELETION_COST in pod["metadata"].get("annotations", {}):
            risen.setdefault(pod["metadata"]["name"], [FULL, FULL] in sizes(world))
        if pod["metadata"].get("labels", {}).get("app") == "checkout" and is_ready(pod) and cpu(pod) != [FULL, FULL]:
            low.append(pod["metadata"]["name"])

    world.api.store.listeners.append(look)
    return risen, low


async def test_a_standby_at_rest_rises_before_the_pod_that_it_replaces_is_asked_to_go(world: OperatorWorld) -> None:
    counts = await two_at_rest(world)
    risen, low = watched(world)
    before = len(steps(world))
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: "node-1" not in where(world))
    assert steps(world)[before:][:4] == ["rise", "ask", "mark", "promote"]
    assert list(risen.values()) == [True] * 3
    assert low == []
    assert (sum(where(world).values()), min(counts)) == (3, 3)
    await world.until(lambda: sizes(world) == [[REST, REST]] * 2, 300)  # those that are kept whatever is forecast
    assert [one for one in steps(world)[before:] if one in {"ask", "mark", "promote"}] == ["ask", "mark", "promote"] * 3
    assert said(world) == ("", "", "")


async def test_one_that_is_made_for_a_pod_that_leaves_is_not_lowered_first(world: OperatorWorld) -> None:
    """None is kept otherwise: each is made at its full size, and serves at that."""
    rungs = {"standby": {"min": 0, "max": 1, "rest": {"cpu": REST}}, "migration": {}}
    counts = await serving_on_node_1(world, None, {"cpu": FULL}, rungs=rungs)
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: "node-1" not in where(world))
    assert steps(world) == ["ask", "mark", "promote"] * 3
    assert min(counts) == 3


async def test_where_a_kubelet_defers_the_rise_the_pod_stays_and_it_is_said(world: OperatorWorld) -> None:
    """Both are tried, one on each node, and neither again and again; the kubelets give what was asked when they can."""
    counts = await two_at_rest(world)
    world.sets.deferred = True
    before = len(steps(world))
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: said(world)[1] == "RiseRefused", 120)
    assert said(world)[0] == "False"
    assert "on node-1 (cordoned) stays: standby checkout-" in said(world)[2]
    assert said(world)[2].endswith("is not given its cpu: Deferred: no cpu is left")
    await world.passes(180)
    assert (where(world), min(counts)) == ({"node-1": 3}, 3)
    assert steps(world)[before:] == ["rise", "rise"]
    world.sets.deferred = False
    await world.until(lambda: "node-1" not in where(world))
    assert min(counts) == 3


async def test_a_rise_that_no_budget_has_room_for_is_not_asked_and_it_is_said(world: OperatorWorld) -> None:
    """Two at rest hold 200m; with one that rises it would be 1000m, of 1200m and then of 990m."""
    counts = await two_at_rest(world, budgets={"cpu": "1200m"})
    selector = {"selector": {"matchLabels": {"edge": "yes"}}}
    pool = {"kind": "EdgeNodePool", "metadata": {"name": "edge"}}
    world.api.put({**pool, "spec": {**selector, "budgets": {"cpu": "990m"}}})
    await world.passes(15)
    before = len(steps(world))
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: said(world)[1] == "RiseRefused", 120)
    assert said(world)[2].endswith("the budgets of pool edge have none left; raise spec.budgets.cpu")
    await world.passes(120)
    assert steps(world)[before:] == []
    assert where(world) == {"node-1": 3}
    world.api.put({**pool, "spec": {**selector, "budgets": {"cpu": "1200m"}}})
    await world.until(lambda: "node-1" not in where(world))
    assert min(counts) == 3


async def test_one_that_rose_for_a_pod_that_stays_after_all_rests_again(world: OperatorWorld) -> None:
    await two_at_rest(world)
    node(world, "node-1", unschedulable=True)
    await world.until(lambda: [FULL, FULL] in sizes(world), 60)
    node(world, "node-1")
    await world.until(lambda: sizes(world) == [[REST, REST]] * 2, 60)
    await world.passes(60)
    assert where(world) == {"node-1": 3}
