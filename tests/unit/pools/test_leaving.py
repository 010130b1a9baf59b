"""Which nodes are to be left, and where pods of a full one may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.model.constraints import Constraints, Taint, Toleration
from edgewarm.model.names import RUNG_LABEL
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.leaving import calm, departure, departures, loads, too_full
from support.warm import node, pod, standby

pytestmark = pytest.mark.unit
PLAIN = Constraints()
SHUT_DOWN = Taint("node.kubernetes.io/out-of-service", "nodeshutdown", "NoExecute")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param(node(), None, id="as ever"),
        pytest.param(node(schedulable=False), "cordoned", id="cordoned"),
        pytest.param(node(taints=(SHUT_DOWN,)), f"taint {SHUT_DOWN}", id="shut down"),
        pytest.param(
            node(taints=(Taint("ToBeDeletedByClusterAutoscaler", "1", "NoSchedule"),)),
            "taint ToBeDeletedByClusterAutoscaler=1:NoSchedule",
            id="emptied by an autoscaler",
        ),
        pytest.param(
            node(taints=(Taint("gpu", "", "NoSchedule"),)), None, id="another taint keeps off, and moves none"
        ),
        pytest.param(node(schedulable=False, ready=False), None, id="not ready: nobody knows what runs there"),
        pytest.param(None, None, id="unknown"),
    ],
)
def test_a_node_is_left(found: Node | None, why: str | None) -> None:
    assert departure(found, PLAIN) == why


def test_a_taint_that_the_pods_tolerate_is_no_reason() -> None:
    patient = Constraints(tolerations=(Toleration(SHUT_DOWN.key, "Exists"),))
    assert departure(node(taints=(SHUT_DOWN,)), patient) is None


def test_only_the_named_nodes_are_looked_at() -> None:
    nodes = {name: node(name, schedulable=False) for name in ("n1", "n2")}
    assert departures(("n1", "gone"), nodes, PLAIN) == {"n1": "cordoned"}


def on(name: str, count: int) -> list[Pod]:
    return [pod(f"{name}-{i}", node=name) for i in range(count)]


NODES = [node("full", cpu=8.0), node("half", cpu=8.0), node("shut", cpu=8.0, schedulable=False)]
PODS = [*on("full", 8), *on("half", 4), *on("shut", 8)]


def test_a_node_is_too_full_above_the_threshold_only() -> None:
    """8 of 8 cores are 100%; a cordoned one is emptied anyway, for another reason."""
    known = loads(NODES, PODS)
    assert too_full(0.9, ("full", "half", "shut", "unknown"), known) == {"full": 1.0}
    assert too_full(1.0, ("full", "half"), known) == {}


def test_warmth_makes_no_node_too_full_and_counts_where_a_pod_would_go() -> None:
    """4 of 8 with one more is 62.5%, below 90% - 10 points; with two standbys there it is 87.5%."""
    warm = [standby(f"s{i}", node="half") for i in range(2)]
    assert calm(0.9, ("full", "half", "shut"), loads(NODES, PODS), pod("a").asks) == {"half"}
    crowded = loads(NODES, [*PODS, *warm])
    assert calm(0.9, ("half",), crowded, pod("a").asks) == frozenset()
    assert crowded.used("half") == 0.5


def test_placeholders_and_finished_pods_hold_nothing() -> None:
    room = replace(pod("room", node="half"), labels={RUNG_LABEL: "NodeRoom"})
    done = pod("done", node="half", phase="Succeeded")
    known = loads(NODES, [room, done])
    assert (known.used("half"), known.used_with("half", pod("a").asks)) == (0.0, 0.125)


def test_what_is_left_when_a_pod_is_gone() -> None:
    assert loads(NODES, PODS).used_without("full", pod("a").asks) == 0.875
