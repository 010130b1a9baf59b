"""Room for one more pod, and who gives way where there is none."""

from __future__ import annotations

import pytest

from edgewarm.model.constraints import Constraints, Taint, Toleration
from edgewarm.model.prices import PodRequests
from edgewarm.model.workload import Node, Pod, Selector
from edgewarm.pools.room import ANYWHERE, Room, room
from edgewarm.pools.yielding import yielding
from support.builders import NOW
from support.warm import node, pod, resting, standby, starting, twin

pytestmark = pytest.mark.unit
ONE_CORE = PodRequests(1.0, 1.0)


def waiting(name: str, cpu: float = 1.0, seconds: float = 10.0, **overrides: object) -> Pod:
    """A stranger's pod that the scheduler finds no room for."""
    return twin(name, cpu_cores=cpu, unschedulable_since=NOW - seconds, **overrides)


@pytest.mark.parametrize(
    ("nodes", "pods", "slots"),
    [
        pytest.param([node(cpu=8.0)], [], 8, id="an empty node"),
        pytest.param([node(cpu=8.0)], [pod("a"), pod("b")], 6, id="what runs takes room"),
        pytest.param([node(cpu=8.0)], [pod("a", phase="Succeeded")], 8, id="what is finished does not"),
        pytest.param([node(cpu=2.5), node("node-2", 2.5)], [], 4, id="halves on two nodes are no whole"),
        pytest.param([node(cpu=8.0, pods=3)], [pod("a")], 2, id="nodes take so many pods"),
        pytest.param([node(memory_bytes=3.0)], [], 3, id="memory counts"),
        pytest.param([node(ready=False)], [], 0, id="a node that is not ready"),
        pytest.param([node(schedulable=False)], [], 0, id="a cordoned node"),
        pytest.param([node(cpu=8.0)], [waiting("w", 3.0)], 5, id="pods that wait come first"),
        pytest.param([node(cpu=8.0)], [waiting("w", 9.0)], 8, id="but not those that fit nowhere"),
        pytest.param([node(cpu=1.0)], [pod("a"), pod("b")], 0, id="never below none"),
    ],
)
def test_pods_that_still_fit(nodes: list[Node], pods: list[Pod], slots: int) -> None:
    assert room(nodes, pods).slots(ONE_CORE, ANYWHERE) == slots


def test_the_room_without_some_pods_is_as_if_they_were_not_there() -> None:
    there = [pod("a"), resting("r1"), resting("r2")]
    found = room([node(cpu=4.0)], there)
    assert found.slots(ONE_CORE, ANYWHERE) == 2  # 4 - 1 - 0.2
    assert found.without(there[1:]).slots(ONE_CORE, ANYWHERE) == 3


def test_pods_are_given_more_cores_in_their_order_as_long_as_their_nodes_have_any() -> None:
    low = [resting("r1"), resting("r2"), resting("r3", node="node-2"), resting("lost", node="gone")]
    found = room([node(cpu=2.0), node("node-2", 1.0)], low)
    # node-1: 1.8 are left, r1 and r2 take 0.9 each; node-2: 0.9 are left
    assert [one.key.name for one in found.with_cores(low, 1.0)] == ["r1", "r2", "r3"]
    assert [one.key.name for one in found.with_cores(low, 1.05)] == ["r1"]


def test_a_pod_that_requests_nothing_is_limited_by_the_number_of_pods() -> None:
    assert room([node(pods=5)], []).slots(PodRequests(), ANYWHERE) == 5


NORTH = Constraints(node_selector=Selector((("zone", "north"),)))
SOUTH = Constraints(node_selector=Selector((("zone", "south"),)))


def test_only_nodes_that_take_the_pod_count() -> None:
    there = [
        node(),
        node("node-2", labels={"zone": "south"}),
        node("node-3", taints=(Taint("edge", "", "NoSchedule"),)),
    ]
    found = room(there, [pod("a", node="node-2", priority=-5)])
    assert (found.slots(ONE_CORE, NORTH), found.slots(ONE_CORE, SOUTH)) == (8, 7)
    assert found.slots(ONE_CORE, Constraints(tolerations=(Toleration("edge", "Exists"),))) == 8 + 7 + 8
    assert not found.could_push_out(0, NORTH)
    assert found.could_push_out(0, SOUTH)  # priority -5 is below 0


def test_a_pod_that_waits_takes_no_room_where_it_may_not_run() -> None:
    there = [node(), node("node-2", labels={"zone": "south"})]
    assert room(there, [waiting("w", constraints=SOUTH)]).slots(ONE_CORE, NORTH) == 8
    assert room(there, [waiting("w", constraints=NORTH)]).slots(ONE_CORE, NORTH) == 7


def test_only_lower_priorities_can_be_pushed_out() -> None:
    found = room([node()], [pod("a", priority=10)])
    assert (found.could_push_out(10, ANYWHERE), found.could_push_out(11, ANYWHERE)) == (False, True)
    ours = room([node()], [standby("s", priority=-1)])
    assert not ours.could_push_out(0, ANYWHERE)  # our own are no bystanders


FULL = (standby("s1"), standby("s2"))


@pytest.mark.parametrize(
    ("waits", "cpu", "given"),
    [
        pytest.param([waiting("w")], 2.0, ["s1"], id="one standby for one pod"),
        pytest.param([waiting("w", 2.0)], 2.0, ["s1", "s2"], id="two for a larger one"),
        pytest.param([waiting("w", 3.0)], 2.0, [], id="none where even all would not do"),
        pytest.param([waiting("w", seconds=1.0)], 2.0, [], id="none for a pod that has only begun to wait"),
        pytest.param([waiting("w")], 3.0, [], id="none where room is free: its trouble is another one"),
        pytest.param([waiting("w"), waiting("x")], 3.0, ["s1"], id="the second finds what is free taken"),
        pytest.param([waiting("own")], 2.0, [], id="none for the workload's own twin"),
        pytest.param([waiting("w", labels={"edgewarm.io/rung": "Standby"})], 2.0, [], id="none for another standby"),
    ],
)
def test_who_gives_way(waits: list[Pod], cpu: float, given: list[str]) -> None:
    found = room([node(cpu=cpu)], [*FULL, *waits])
    assert [one.key.name for one in yielding(FULL, found, {"uid-own"}, NOW)] == given


def test_the_node_where_fewest_go_is_chosen_and_the_cold_one_goes_first() -> None:
    standbys = (
        standby("s1", cpu_cores=0.5),
        standby("s2", cpu_cores=0.5),
        standby("s3", node="node-2"),
        starting("s4"),
    )
    standbys = (*standbys[:3], starting("s4", node="node-2"))
    found = room([node(cpu=1.0), node("node-2", 2.0)], [*standbys, waiting("w")])
    assert [one.key.name for one in yielding(standbys, found, set(), NOW)] == ["s4"]  # node-1 would give both


def test_room_that_a_pod_may_not_use_does_not_help_it_and_standbys_there_stay() -> None:
    there = [node(cpu=2.0), node("node-2", labels={"zone": "south"})]
    found = room(there, [*FULL, waiting("w", constraints=NORTH), waiting("x", 9.0, constraints=SOUTH)])
    assert [one.key.name for one in yielding(FULL, found, set(), NOW)] == ["s1"]


def test_nothing_is_given_in_an_empty_world() -> None:
    assert yielding((), Room(), set(), NOW) == ()
