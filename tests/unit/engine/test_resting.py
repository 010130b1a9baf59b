"""The standby rung where standbys rest: who is resized in a pass, who counts as warm, and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.resting import not_warmth
from edgewarm.engine.standby import StandbyRung
from edgewarm.model.amounts import CPU
from edgewarm.model.names import PARKED_AT_LABEL
from edgewarm.model.operations import PatchObject
from edgewarm.model.rungs import ParkingTerms, RestTerms, Rungs, StandbyTerms
from edgewarm.model.sizing import Cpu, Sizing
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod
from support.builders import NOW, judgement, outlook, quantiles
from support.rungs import asked, standing_policy, told, view
from support.warm import FULL, LOW, deployment, full, node, pod, replica_set, resting, rising, sized, standby

pytestmark = pytest.mark.unit
SERVING = (pod("a"), pod("b"))
RESTS = Rungs(StandbyTerms(2, 2, rest=RestTerms(0.1)))
WEB = deployment(template=sized(), replicas=2)
MORE = {"app": Cpu(2.0)}


def seen(*standbys: Pod, rungs: Rungs = RESTS, **overrides: Any) -> ClusterView:
    """Two pods serve, and as many are wanted."""
    plain = {
        "target": WEB,
        "sets": (replica_set(2),),
        "can_resize": True,
        "wanted": replace(standing_policy(), rungs=rungs),
    }
    return view((*SERVING, *standbys), **(plain | overrides))


def parked(name: str, seconds: float) -> Pod:
    return full(name, labels={**standby(name).labels, PARKED_AT_LABEL: str(int(NOW - seconds))})


@pytest.mark.parametrize(
    ("found", "does", "warm"),
    [
        pytest.param(seen(full("s1"), full("s2")), ["patch s1", "patch s2"], 2, id="ready ones are lowered"),
        pytest.param(seen(resting("s1"), resting("s2")), [], 2, id="those at rest stay"),
        pytest.param(seen(full("s1", ready_at=None), resting("s2")), [], 1, id="one that starts is left alone"),
        pytest.param(
            seen(full("s1"), resting("s2"), sets=(replica_set(3),)), [], 2, id="while a pod is lacking none is lowered"
        ),
        pytest.param(seen(rising("s1"), resting("s2")), ["patch s1"], 1, id="nobody is lacking any more"),
        pytest.param(seen(rising("s1", "Deferred: x"), resting("s2")), ["patch s1"], 1, id="nor waits for room"),
        pytest.param(
            seen(resting("s1", sizing=Sizing({"app": Cpu(0.2)}, {"app": Cpu(0.2)})), resting("s2")),
            ["patch s1"],
            2,
            id="the rest was another before",
        ),
        pytest.param(seen(full("s1", sizing=Sizing(FULL)), resting("s2")), [], 2, id="its kubelet cannot"),
        pytest.param(seen(full("s1", sizing=Sizing(MORE, MORE)), resting("s2")), [], 2, id="admission gave it more"),
        pytest.param(
            seen(parked("s1", 20), parked("s2", 40), rungs=replace(RESTS, parking=ParkingTerms(30.0))),
            ["patch s2"],
            1,
            id="parked ones after their drain",
        ),
        pytest.param(
            seen(resting("s1"), resting("s2"), rungs=Rungs(StandbyTerms(2))),
            ["patch s1", "patch s2"],
            2,
            id="no rest is asked any more",
        ),
        pytest.param(
            seen(resting("s1"), resting("s2"), nodes=(node(cpu=2.2),), rungs=Rungs(StandbyTerms(2))),
            [],
            0,
            id="none asked, and no room for more",
        ),
    ],
)
def test_a_plan(found: ClusterView, does: list[str], warm: int) -> None:
    plan = StandbyRung().plan(asked(found))
    resized = [one for one in plan.operations if isinstance(one, PatchObject)]
    assert told(resized) == does
    assert {one.subresource for one in resized} <= {"resize"}
    assert plan.counts[0].warm == warm
    assert not any(remark.kind == "StandbyDiffers" for remark in plan.remarks)


AWAY = ((node(schedulable=False), node("node-2")), replace(standing_policy(), rungs=replace(RESTS, migration=True)))


@pytest.mark.parametrize(
    ("standbys", "does"),
    [
        pytest.param([full("s1"), full("s2")], ["patch s2"], id="the one that takes a pod's place stays as it is"),
        pytest.param([rising("s1"), resting("s2")], [], id="one that rises for that goes on"),
        pytest.param([rising("s1", "Deferred: x"), resting("s2")], [], id="its kubelet tries again by itself"),
    ],
)
def test_while_pods_are_to_leave(standbys: list[Pod], does: list[str]) -> None:
    nodes, wanted = AWAY
    found = seen(*(replace(one, node="node-2") for one in standbys), nodes=nodes, wanted=wanted)
    plan = StandbyRung().plan(asked(found))
    assert told(one for one in plan.operations if isinstance(one, PatchObject)) == does


def test_a_standby_is_lowered_to_the_rest_in_the_version_that_was_seen() -> None:
    patch = StandbyRung().plan(asked(seen(full("s1"), resting("s2")))).operations[0]
    assert isinstance(patch, PatchObject)
    assert (patch.uid, patch.resource_version) == ("uid-s1", "7")
    assert patch.body == {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "100m"}}}]}}


@pytest.mark.parametrize(
    ("found", "reason", "fragment"),
    [
        pytest.param(seen(rising("s1", "Deferred: node is full")), "Deferred", "Deferred: node is full", id="deferred"),
        pytest.param(seen(rising("s1", "Infeasible: static cpus")), "Infeasible", "static cpus", id="infeasible"),
        pytest.param(seen(full("s1", sizing=Sizing(FULL))), "NodeCannotResize", "the kubelet of node-1", id="old node"),
        pytest.param(seen(full("s1", sizing=Sizing(MORE, MORE))), "AdmissionDiffers", "another cpu", id="admission"),
        pytest.param(
            seen(resting("s1"), resting("s2"), nodes=(node(cpu=3.1),)),
            "NoRoomToRise",
            "1 of 2 standbys do not count as warm",
            id="2 + 2 x 0.1 are taken, 0.9 are left",
        ),
    ],
)
def test_what_keeps_one_from_resting_or_rising_is_said(found: ClusterView, reason: str, fragment: str) -> None:
    remarks = {one.kind: one for one in StandbyRung().plan(asked(found)).remarks}
    assert remarks["StandbyNotResized"].reason == reason
    assert fragment in remarks["StandbyNotResized"].message


def test_a_template_that_cannot_rest_has_no_standby_and_says_so() -> None:
    plan = StandbyRung().plan(asked(seen(full("s1"), target=deployment())))
    (remark,) = plan.remarks
    assert remark.kind == "StandbyRefused"
    assert "no container requests cpu" in remark.message
    assert told(plan.operations) == ["delete s1"]


@pytest.mark.parametrize(
    ("found", "beyond"),
    [
        pytest.param(seen(rising("s1"), resting("s2"), sets=(replica_set(3),)), ["uid-s1"], id="one rises to serve"),
        pytest.param(seen(full("s1"), resting("s2"), sets=(replica_set(3),)), ["uid-s1"], id="one has risen"),
        pytest.param(seen(rising("s1", "Deferred: x"), sets=(replica_set(3),)), ["uid-s1"], id="one is deferred"),
        pytest.param(seen(rising("s1"), resting("s2")), [], id="no pod is lacking, or not any more"),
        pytest.param(seen(resting("s1"), sets=(replica_set(3),)), [], id="at rest it has nothing beyond that"),
        pytest.param(
            seen(standby("s1"), sets=(replica_set(3),), rungs=Rungs(StandbyTerms(2))), [], id="without rest all counts"
        ),
    ],
)
def test_what_is_demands_and_not_warmth(found: ClusterView, beyond: list[str]) -> None:
    """A core less a tenth, of each."""
    assert not_warmth(asked(found)) == {uid: pytest.approx(0.9) for uid in beyond}


@pytest.mark.parametrize(
    ("standbys", "rungs", "does"),
    [
        pytest.param([resting("s1"), resting("s2")], Rungs(StandbyTerms(2)), ["patch s1"], id="no rest any more"),
        pytest.param(
            [resting("s1"), resting("s2")],
            Rungs(StandbyTerms(2, 2, rest=RestTerms(0.5))),
            ["patch s1"],
            id="a larger rest",
        ),
        pytest.param([full("s1"), full("s2")], RESTS, ["patch s1", "patch s2"], id="to be lowered needs no budget"),
    ],
)
def test_more_is_given_within_the_budgets_only(standbys: list[Pod], rungs: Rungs, does: list[str]) -> None:
    """The pool has room for one."""
    room = [True, False]
    plan = StandbyRung().plan(asked(seen(*standbys, rungs=rungs), may_rise=lambda _, __: room.pop(0)))
    assert told(one for one in plan.operations if isinstance(one, PatchObject)) == does
    said = [one.message for one in plan.remarks if one.reason == "NoBudgetToRise"]
    assert [one.startswith("1 of 2 standbys keep the rest that they have") for one in said] == [True] * (2 - len(does))


@pytest.mark.parametrize(
    ("cpu", "wanted", "reason"),
    [
        pytest.param(2.0 + 4.0, 2, "StandbyMinimum", id="4 cores beside the serving pods: two, and their twins"),
        pytest.param(2.0 + 3.5, 1, "StandbyRoom", id="one, and its twin"),
    ],
)
@pytest.mark.parametrize("there", [(), (resting("s1"), resting("s2")), (full("s1"), full("s2"))])
def test_the_room_of_a_rise_and_a_twin_bounds_them_whether_they_are_there_or_not(
    there: tuple[Pod, ...], cpu: float, wanted: int, reason: str
) -> None:
    count = StandbyRung().plan(asked(seen(*there, nodes=(node(cpu=cpu),)))).counts[0]
    assert (count.wanted, count.reason) == (wanted, reason)


def test_the_cheaper_standby_is_held_for_less_likely_demand() -> None:
    """C = 120 s. At H = .8 tau is .926 (test_standbys), where demand needs 6 pods. At rest a core becomes a tenth, so
    H = .08 and tau = 125 / 126 = .992, above the last quantile: p99 = 400 needs 8 pods.
    """
    spread = quantiles((0.5, 100.0), (0.9, 200.0), (0.95, 300.0), (0.99, 400.0))
    forms = {"full": StandbyTerms(), "rest": StandbyTerms(rest=RestTerms(0.1))}
    counts = {}
    for name, terms in forms.items():
        judged = judgement(90.0, workload=WEB, outlook=outlook(spread), lead_seconds=120.0)
        found = seen(rungs=Rungs(terms), nodes=(node(cpu=64.0, memory_bytes=1000.0),))
        counts[name] = StandbyRung().plan(asked(found, judged=judged)).counts[0].wanted
    assert counts["rest"] - counts["full"] == 8 - 6


def test_the_requests_of_new_ones_are_those_of_the_template() -> None:
    """They start at full size, and the room for that is the room of their rise."""
    plan = StandbyRung().plan(asked(seen(target=replace(WEB, asks={CPU: 1.0, "pods": 1.0}))))
    assert [request.amounts[CPU] for request in plan.requests] == [1.0, 1.0]
    assert LOW != FULL
