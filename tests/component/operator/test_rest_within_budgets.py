"""Budgets and standbys that rise: at no moment is more kept warm than the budget, but for what is about to serve.

Pods ask for 500m, standbys at rest for 20m, and the budget is 700m: one is made at a time beside those at rest.
"""

from __future__ import annotations

from typing import Any

import pytest

from component.operator.test_rest import FULL, REST, edge, four_wanted, standbys, used
from edgewarm.model.units import parse_quantity
from support.fake_api.replica_sets import is_ready
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component
BUDGET = 700


async def four_at_rest(world: OperatorWorld) -> OperatorWorld:
    edge(world, "16", budgets={"cpu": f"{BUDGET}m"})
    await four_wanted(world)
    await world.until(lambda: standbys(world) == [(REST, REST)] * 4, 900)
    return world


def lacking(world: OperatorWorld) -> int:
    """Pods that the ReplicaSet wants and that are not ready yet."""
    (wanted,) = (one["spec"]["replicas"] for one in world.api.objects("ReplicaSet"))
    return int(wanted) - sum(map(is_ready, world.pods("ReplicaSet")))


def warm(world: OperatorWorld) -> tuple[int, int]:
    """Millicores that standbys request in all, and without what those beyond their rest have that stand for pods that
    are lacking."""
    pods = [pod for pod in world.pods("WarmingPolicy") if pod["metadata"]["labels"]["edgewarm.io/rung"] == "Standby"]
    asked = [millicores(pod) for pod in pods]
    full = sum(is_ready(pod) and millicores(pod) == 500 for pod in pods)
    return sum(asked), sum(asked) - 480 * min(max(0, lacking(world)), full)


def millicores(pod: dict[str, Any]) -> int:
    return int(1000 * parse_quantity(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]))


def moments(world: OperatorWorld) -> list[tuple[int, int]]:
    """The same at every change of any object from now on."""
    found: list[tuple[int, int]] = []
    world.api.store.listeners.append(lambda _: found.append(warm(world)))
    return found


async def test_only_what_is_about_to_serve_goes_beyond_the_budget(world: OperatorWorld) -> None:
    """Three rise at once: 3 x 500 + 20 are requested for a moment, 1440 of them for pods that are lacking."""
    await four_at_rest(world)
    seen = moments(world)
    world.sets.delay = 60.0
    world.change("Deployment", "checkout", replicas=5)
    await world.until(lambda: world.ready() == 5, 45)
    await world.passes(300)  # and are made anew
    assert max(whole for whole, _ in seen) == 3 * 500 + 20
    assert max(counted for _, counted in seen) <= BUDGET


async def test_while_a_rise_takes_long_the_pool_counts_what_was_at_rest(world: OperatorWorld) -> None:
    """Three are asked for and deferred; each takes 20m of the budget until it serves, or rests again."""
    await four_at_rest(world)
    world.sets.deferred, world.sets.delay = True, 200.0
    world.change("Deployment", "checkout", replicas=5)
    await world.passes(120)
    assert [asked for asked, _ in standbys(world)].count(FULL) >= 3
    assert used(world) == "80m"


async def test_one_that_rises_for_a_pod_that_leaves_its_node_counts_whole(world: OperatorWorld) -> None:
    edge(world, "16", budgets={"cpu": f"{BUDGET}m"})
    rungs = {"standby": {"min": 2, "max": 2, "rest": {"cpu": REST}}, "migration": {}}
    world.web(replicas=2, requests={"cpu": FULL})
    world.asked["checkout"] = lambda _: 75.0
    world.policy(rungs=rungs, scaling={"minReplicas": 2}, poolRef={"name": "edge"})
    await world.start()
    await world.until(lambda: standbys(world) == [(REST, REST)] * 2, 900)
    seen = moments(world)
    here = world.api.get("Node", "", "node-1")
    assert here is not None
    world.api.put({**here, "spec": {"unschedulable": True}})
    await world.until(lambda: {pod["spec"]["nodeName"] for pod in world.pods("ReplicaSet")} == {"edge-1"}, 600)
    assert max(whole for whole, _ in seen) == 500 + 20


@pytest.mark.parametrize(
    ("rest", "expected", "short"),
    [
        pytest.param({"rest": {"cpu": "200m"}}, ["200m"] * 3 + [REST], 1, id="3 x 200 + 20; a fourth: 800"),
        pytest.param({}, [FULL] + [REST] * 3, 3, id="500 + 3 x 20; a second: 1040"),
    ],
)
async def test_what_nobody_waits_for_rises_within_the_budget_and_the_rest_is_said(
    world: OperatorWorld, rest: dict[str, Any], expected: list[str], short: int
) -> None:
    """A policy gives its standbys a larger rest, or none."""
    await four_at_rest(world)
    seen = moments(world)
    world.change("WarmingPolicy", "checkout", rungs={"standby": {"min": 4, "max": 4, **rest}})
    await world.passes(120)
    assert sorted(asked for asked, _ in standbys(world)) == sorted(expected)
    assert max(whole for whole, _ in seen) <= BUDGET
    said = world.condition("StandbyNotResized")
    assert said is not None
    assert said["reason"] == "NoBudgetToRise"
    assert said["message"].startswith(f"{short} of 4 standbys keep the rest that they have")
