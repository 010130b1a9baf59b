"""One pod leaves each node that is too full: which one, and where to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.crowding import crowding
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.pool import PoolSettings, Qos
from edgewarm.model.rungs import Rungs, StandbyTerms
from edgewarm.model.selector import Selector
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod
from support.builders import NOW, policy_object
from support.rungs import standing_policy, view
from support.warm import SET, deployment, node, pod, replica_set, standby

pytestmark = pytest.mark.unit
MOVES = replace(standing_policy(), rungs=Rungs(StandbyTerms(0, 5), migration=True), pool="edge")
FULL = node("full", cpu=4.0)
FREE = node("free", cpu=8.0)


def seen(*pods: Pod, wanted: Policy = MOVES, above: float | None = 0.9, **overrides: Any) -> ClusterView:
    settings = PoolSettings(migrate_above=above)
    pool = PoolObject("edge", "pool-uid", 1, Selector((("zone", "north"),)), settings=settings)
    found = view(pods, wanted=wanted, sets=(replica_set(len(pods)),), **({"nodes": (FULL, FREE)} | overrides))
    return replace(found, pools={"edge": pool})


def on_full(*cores: float) -> list[Pod]:
    return [pod(f"p{i}", node="full", cpu_cores=size) for i, size in enumerate(cores)]


def chosen(found: ClusterView) -> dict[str, list[str]]:
    return {key.name: sorted(one.to) for key, one in crowding(found, NOW).items()}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(seen(*on_full(1, 1, 1, 1)), {"p0": ["free"]}, id="4 of 4 cores: one, and the first by name"),
        pytest.param(seen(*on_full(1, 1, 1)), {}, id="3 of 4 are not too full"),
        pytest.param(seen(*on_full(2, 0.25, 1.25, 0.5)), {"p3": ["free"]}, id="the smallest that suffices: 3.5 of 4"),
        pytest.param(seen(*on_full(0.1, 0.2, 4)), {"p2": ["free"]}, id="only one that suffices"),
        pytest.param(seen(*on_full(1, 1.5, 1, 1, 1)), {"p1": ["free"]}, id="where none suffices, the largest"),
        pytest.param(seen(*on_full(1, 1, 1, 1), above=None), {}, id="the pool does not ask"),
        pytest.param(
            seen(*on_full(1, 1, 1, 1), wanted=replace(MOVES, rungs=Rungs(StandbyTerms()))), {}, id="the policy does not"
        ),
        pytest.param(seen(*on_full(1, 1, 1, 1), wanted=replace(MOVES, mode=Mode.OBSERVE)), {}, id="it only looks on"),
        pytest.param(seen(*on_full(1, 1, 1, 1), wanted=replace(MOVES, paused_until=NOW + 1)), {}, id="it is paused"),
        pytest.param(seen(*on_full(1, 1, 1, 1), wanted=replace(MOVES, pool="other")), {}, id="of another pool"),
        pytest.param(
            seen(*on_full(1, 1, 1), *(standby(f"s{i}", node="full") for i in range(1))),
            {},
            id="warmth gives way itself",
        ),
        pytest.param(
            seen(*on_full(1, 1, 1, 1), nodes=(FULL, replace(FREE, schedulable=False))), {}, id="nowhere to go"
        ),
        pytest.param(
            seen(*on_full(1, 1, 1, 1), nodes=(FULL, node("free", cpu=1.2))), {}, id="1 of 1.2 cores would be 83%"
        ),
        pytest.param(
            seen(*on_full(1, 1, 1, 1), nodes=(replace(FULL, schedulable=False), FREE)), {}, id="emptied anyway"
        ),
        pytest.param(
            seen(*on_full(1, 1, 1, 1), target=replace(deployment(), rollout=None)),
            {},
            id="nothing that can have standbys",
        ),
    ],
)
def test_who_leaves_a_full_node(found: ClusterView, expected: dict[str, list[str]]) -> None:
    assert chosen(found) == expected


def test_the_sentence_has_both_numbers() -> None:
    (one,) = crowding(seen(*on_full(1, 1, 1, 1)), NOW).values()
    assert one.why == "requests are 100% of it, above 90%"


def test_what_matters_least_leaves_first() -> None:
    """Two workloads on one full node: the pod of the one with the lower priority, though its name is later."""
    low = policy_object("z", policy=replace(MOVES, qos=Qos.LOW, target=replace(MOVES.target, name="z")))
    other = deployment(ref=low.policy.target, uid="z-uid") if low.policy else deployment()
    theirs = replace(SET, name="z-1", uid="z-set")
    mine = [pod(f"p{i}", node="full") for i in range(2)]
    its = [pod(f"z{i}", node="full", owner=theirs) for i in range(2)]
    plain = seen(*mine, *its)
    found = replace(
        plain,
        policies={**plain.policies, low.key: low},
        workloads={**plain.workloads, ("shop", other.ref): other},
        replica_sets={**plain.replica_sets, "z-uid": (replica_set(2, uid="z-set"),)},
        owned={**plain.owned, "z-set": {one.key: one for one in its}},
    )
    assert chosen(found) == {"z0": ["free"]}
