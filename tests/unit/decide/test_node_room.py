"""How many placeholders, and which come and go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.node_room import Stages, bounded, changes, foreseen, unpushed
from edgewarm.model.names import RUNG_LABEL, TEMPLATE_HASH_LABEL
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import NodeRoomTerms, RungName, Rungs, StandbyTerms
from edgewarm.model.stages import Stage
from edgewarm.model.workload import Pod
from support.builders import NOW, outlook, policy, quantiles, situation
from support.warm import POLICY, pod

pytestmark = pytest.mark.unit
TERMS = NodeRoomTerms()
# demand p50 100, p90 200, p95 300 at 50 per pod: 2, 4 and 6 pods
SPREAD = quantiles((0.5, 100.0), (0.9, 200.0), (0.95, 300.0))
SLOW = Stages({Stage.SCHEDULING: 60.0}, {Stage.SCHEDULING: 90.0, Stage.READY: 30.0})


def asked(found: Any, terms: NodeRoomTerms = TERMS, stages: Stages = SLOW) -> int:
    return foreseen(found, terms, stages, lambda seconds: SPREAD)


def test_the_ladder_holds_room_for_less_likely_demand_than_replicas() -> None:
    """C = 120 s: K_room = 1, H_room = .5, held for W = 5 min; K_r = 2, H_r = 1: on one line, so the replica takes all.

    At .3: kappa_room = 10 x 1 / (.3 x 5) = 6.67, tau = .87: 196.7 of demand, 4 pods; replicas, tau = 10 x 1 / .7: .935,
    269 of demand, 6 pods, and room for what is a replica is held too.
    """
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD))
    assert (asked(found), asked(found, NodeRoomTerms(price=0.3))) == (0, 6)


def test_cheap_room_is_held_beyond_the_replicas() -> None:
    """kappa 1, price .05: kappa_room = 1 / .25 = 4, tau = .8: 175 of demand, 4 pods. Replicas: 1 / .95, .51: 3 pods."""
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD), policy=policy(kappa=1.0))
    assert asked(found, NodeRoomTerms(price=0.05)) == 4


def test_a_standby_that_costs_as_little_replaces_room() -> None:
    """K_s = 1.75 at .1 against K_room = 1 at .09: dH / dK falls, so one rung holds both."""
    rungs = Rungs(standby=StandbyTerms(price=0.1))
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD), policy=policy(kappa=1.0, rungs=rungs))
    assert asked(found, NodeRoomTerms(price=0.09)) == 0


def test_the_quantile_is_of_demand_within_what_room_takes_and_the_time_that_it_is_held() -> None:
    """90 + 30 + 300 s."""
    seen: list[float] = []
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD))
    foreseen(found, TERMS, SLOW, lambda seconds: seen.append(seconds))
    assert seen == [420.0]


@pytest.mark.parametrize(
    ("known", "stages"),
    [
        pytest.param({"outlook": None}, SLOW, id="no forecast"),
        pytest.param({"outlook": outlook(SPREAD), "learning": True}, SLOW, id="history is being read"),
        pytest.param({"outlook": outlook(SPREAD), "confidence": 0.5}, SLOW, id="not sure enough"),
        pytest.param({"outlook": outlook(SPREAD)}, Stages({}, {}), id="pods never wait for a node"),
    ],
)
def test_nothing_is_foreseen(known: dict[str, Any], stages: Stages) -> None:
    assert asked(situation(lead_seconds=120.0, **known), NodeRoomTerms(price=0.01), stages) == 0


@pytest.mark.parametrize(
    ("now", "recent", "terms", "count", "reason"),
    [
        pytest.param(3, (), TERMS, 3, RungReason.NODE_ROOM_FORECAST, id="as many as are foreseen"),
        pytest.param(1, (4, 2), TERMS, 4, RungReason.NODE_ROOM_FORECAST, id="the most of the scale-down window"),
        pytest.param(1, (), NodeRoomTerms(least=2), 2, RungReason.NODE_ROOM_MINIMUM, id="at least min"),
        pytest.param(30, (), TERMS, 10, RungReason.NODE_ROOM_MAXIMUM, id="at most max"),
    ],
)
def test_how_many_are_wanted(
    now: int, recent: tuple[int, ...], terms: NodeRoomTerms, count: int, reason: RungReason
) -> None:
    assert bounded(now, recent, terms) == (count, reason)


def held(name: str, **overrides: Any) -> Pod:
    labels = {RUNG_LABEL: RungName.NODE_ROOM, TEMPLATE_HASH_LABEL: "key"}
    return pod(name, **({"labels": labels, "owner": POLICY} | overrides))


OTHER = {"labels": {**held("p").labels, TEMPLATE_HASH_LABEL: "older"}}


@pytest.mark.parametrize(
    ("there", "count", "made", "gone"),
    [
        pytest.param((), 2, 2, [], id="none are there"),
        pytest.param((), 50, 20, [], id="many: some in each pass"),
        pytest.param((held("p1"), held("p2")), 2, 0, [], id="as many as are wanted"),
        pytest.param((held("p1"), held("p2", node="")), 1, 0, ["p2"], id="of a surplus that without a node"),
        pytest.param((held("p1"), held("p2", created_at=NOW - 5)), 1, 0, ["p2"], id="then the youngest"),
        pytest.param((held("p1", **OTHER), held("p2")), 2, 1, ["p1"], id="another's requests"),
        pytest.param((held("p1", phase="Failed"), held("p2")), 2, 1, ["p1"], id="evicted"),
        pytest.param((held("p1", deleting=True),), 1, 1, [], id="pushed out"),
    ],
)
def test_a_pass_makes_and_deletes(there: tuple[Pod, ...], count: int, made: int, gone: list[str]) -> None:
    found = changes(there, count, "key")
    assert (found.make, [one.key.name for one, _ in found.delete]) == (made, gone)


def test_of_a_surplus_what_came_back_with_its_node_goes_before_the_youngest() -> None:
    there = (held("p1"), held("p2", created_at=NOW - 5), held("p3", node=""))
    assert [one.key.name for one, _ in changes(there, 1, "key", {"uid-p1"}).delete] == ["p1", "p3"]


def test_what_pushes_nobody_out_is_told_what_to_change() -> None:
    assert unpushed({}, [pod("a")]) is None
    never = unpushed({"preemptionPolicy": "Never"}, [])
    low = unpushed({}, [pod("a"), replace(pod("b"), priority=-20)])
    assert never is not None
    assert "preemptionPolicy is Never" in never
    assert low is not None
    assert "b has priority -20" in low
