"""Standbys are promoted for what a ReplicaSet lacks, never beyond it, and never into a rollout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.decide.promoting import Crew, differs, missing, promised, promotions, rises, standing_on
from edgewarm.decide.resting import Sizes
from edgewarm.model.sizing import Sizing
from edgewarm.model.workload import Pod, ReplicaSet, Rollout
from support.builders import NOW
from support.warm import FULL, LOW, deployment, full, pod, replica_set, resting, rising, standby, starting, twin

pytestmark = pytest.mark.unit
FLAPPING = {"ready_at": None, "once_ready": True}
UNREADY_TWIN = {"phase": "Running", "node": "node-1"}


@pytest.mark.parametrize(
    ("wanted", "pods", "arriving", "lacking"),
    [
        pytest.param(4, [pod("a"), pod("b")], 0, 2, id="no twin was made yet: 4 - 2"),
        pytest.param(4, [pod("a"), pod("b"), twin("c"), twin("d")], 0, 2, id="twins start cold: 4 - 2 kept"),
        pytest.param(2, [pod("a"), pod("b")], 0, 0, id="nothing is lacking"),
        pytest.param(1, [pod("a"), pod("b")], 0, 0, id="scaling in"),
        pytest.param(4, [pod("a"), pod("b"), twin("c")], 0, 2, id="a quota let one twin through"),
        pytest.param(4, [pod("a"), pod("b"), twin("c"), twin("d")], 2, 0, id="both were promoted, not adopted yet"),
        pytest.param(4, [pod("a"), pod("b", deleting=True)], 0, 3, id="a pod on its way out is not kept"),
        pytest.param(2, [pod("a"), pod("b", phase="Failed")], 0, 1, id="an evicted pod is not kept"),
        pytest.param(2, [pod("a"), pod("b", **FLAPPING)], 0, 0, id="a flapping pod is kept"),
        pytest.param(
            4, [pod("a"), pod("b", **FLAPPING), twin("c"), twin("d")], 0, 2, id="beside it Pending twins are replaced"
        ),
        pytest.param(
            4,
            [pod("a"), pod("b", **FLAPPING), twin("c", **UNREADY_TWIN), twin("d")],
            0,
            1,
            id="but not Running ones: the flapping pod could be deleted in their stead",
        ),
        pytest.param(4, [pod("a"), pod("b"), twin("c", **UNREADY_TWIN), twin("d")], 0, 2, id="else Running ones too"),
        pytest.param(0, [], 0, 0, id="at zero"),
        pytest.param(1, [], 0, 1, id="from zero"),
    ],
)
def test_what_a_replica_set_lacks(wanted: int, pods: list[Pod], arriving: int, lacking: int) -> None:
    assert missing(Crew(replica_set(wanted), tuple(pods), (), arriving)) == lacking


@pytest.mark.parametrize(
    "spare",
    [
        pytest.param(starting("s"), id="it is not ready"),
        pytest.param(standby("s", deleting=True), id="it is going"),
        pytest.param(
            standby("s", labels={**standby("s").labels, "edgewarm.io/template-hash": "old"}), id="old template"
        ),
        pytest.param(standby("s", shape=5), id="admission made something else of it"),
    ],
)
def test_a_standby_that_is_not_warm_is_not_promoted(spare: Pod) -> None:
    assert promotions(Crew(replica_set(2), (pod("a"),), (spare,))) == ()


def test_those_on_emptier_nodes_come_first_then_those_that_waited_longest() -> None:
    spares = (
        standby("crowded", node="node-1", created_at=NOW - 900),
        standby("young", node="node-2", created_at=NOW - 100),
        standby("old", node="node-2", created_at=NOW - 500),
    )
    crew = Crew(replica_set(5), (pod("a", node="node-1"), pod("b", node="node-1")), spares)
    # node-2 has none, then one from the first promotion, so still fewer than the two on node-1
    assert [one.key.name for one in promotions(crew)] == ["old", "young", "crowded"]
    assert [one.key.name for one in promotions(replace(crew, replica_set=replica_set(3)))] == ["old"]


SIZES = Sizes(FULL, LOW)


@pytest.mark.parametrize(
    ("standbys", "rise", "promote", "coming"),
    [
        pytest.param([full("f1"), resting("r1"), resting("r2")], ["r1"], ["f1"], 2, id="full ones first"),
        pytest.param([resting("r1"), resting("r2"), resting("r3")], ["r1", "r2"], [], 2, id="no more than are lacking"),
        pytest.param([rising("u1"), resting("r1"), resting("r2")], ["r1"], [], 2, id="one rises already"),
        pytest.param([rising("u1", "Deferred: x"), resting("r1"), resting("r2")], ["r1", "r2"], [], 2, id="one cannot"),
        pytest.param([resting("poor"), resting("r1")], ["r1"], [], 2, id="a node without room"),
        pytest.param([resting("r1", frame=5), resting("r2")], ["r2"], [], 1, id="admission changed more than cpu"),
        pytest.param([resting("r1", ready_at=None)], [], [], 0, id="not ready"),
        pytest.param([resting("r1", sizing=Sizing(LOW, FULL))], [], [], 0, id="still on its way down"),
    ],
)
def test_those_at_rest_rise_for_what_is_left_lacking(
    standbys: list[Pod], rise: list[str], promote: list[str], coming: int
) -> None:
    crew = Crew(replica_set(4), (pod("a"), pod("b")), tuple(standbys), sizes=SIZES)
    roomy = {one.uid for one in standbys if one.key.name != "poor"}
    assert [one.key.name for one in rises(crew, roomy)] == rise
    assert [one.key.name for one in promotions(crew)] == promote
    assert promised(crew) == coming


def test_one_at_rest_differs_only_in_what_is_not_its_cpu() -> None:
    assert not differs(resting("s"), [pod("a")], SIZES)
    assert differs(resting("s", frame=5), [pod("a")], SIZES)
    assert differs(resting("s"), [pod("a")])  # where nothing is resized


@pytest.mark.parametrize(
    ("rollout", "sets", "problem"),
    [
        pytest.param(Rollout("1", True, False, True), [replica_set()], "", id="rolled out"),
        pytest.param(Rollout("1", False, False, True), [replica_set()], "has not seen", id="just changed"),
        pytest.param(Rollout("1", True, True, True), [replica_set()], "paused", id="paused"),
        pytest.param(Rollout("1", True, False, False), [replica_set()], "rollout", id="not available yet"),
        pytest.param(Rollout("2", True, False, True), [replica_set()], "not there yet", id="its set is not seen"),
        pytest.param(
            Rollout("1", True, False, True),
            [replica_set(), replica_set(2, uid="old", revision="0")],
            "rollout",
            id="an old ReplicaSet still wants pods",
        ),
        pytest.param(
            Rollout("1", True, False, True),
            [replica_set(), replica_set(0, uid="old", revision="0", counted=1)],
            "rollout",
            id="an old ReplicaSet still has one",
        ),
        pytest.param(
            Rollout("1", True, False, True),
            [replica_set(), replica_set(0, uid="old", revision="0")],
            "",
            id="an old one is empty",
        ),
    ],
)
def test_a_deployment_stands_on(rollout: Rollout, sets: list[ReplicaSet], problem: str) -> None:
    found = standing_on(deployment(rollout), sets)
    assert (found.current is None) == bool(problem)
    assert problem in found.problem


def test_without_a_pod_to_compare_with_nobody_can_say_that_a_standby_differs() -> None:
    assert not differs(standby("s", shape=5), ())
    assert differs(standby("s", shape=5), [pod("a", shape=4)])
    assert not differs(standby("s", shape=5), [pod("a", shape=4), pod("b", shape=5)])
