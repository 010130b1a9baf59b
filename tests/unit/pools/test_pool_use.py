"""How full a pool is: which nodes and which pods count, what is reserved, and which nodes are worth a look."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.model.prices import GIB
from edgewarm.model.workload import Node, Pod
from edgewarm.pools.use import PoolUse, pool_use
from support.pools import holding, node, pod, pool

pytestmark = pytest.mark.unit


def use(*nodes: Node, **overrides: Any) -> PoolUse:
    return pool_use(pool(*nodes, **overrides), {})


@pytest.mark.parametrize(
    ("nodes", "expected", "ready", "cores"),
    [
        pytest.param([], 0, 0, 0.0, id="no nodes"),
        pytest.param([node("a"), node("b")], 2, 2, 8.0, id="4 + 4 cores"),
        pytest.param([node("a"), node("b", ready=False)], 2, 1, 4.0, id="a node that is not ready gives nothing"),
        pytest.param([node("a"), node("b", schedulable=False)], 2, 1, 4.0, id="nor one that is cordoned"),
    ],
)
def test_which_nodes_count(nodes: list[Node], expected: int, ready: int, cores: float) -> None:
    found = use(*nodes)
    assert (found.nodes, found.ready_nodes, found.capacity["cpu"]) == (expected, ready, cores)


@pytest.mark.parametrize(
    ("pods", "cores"),
    [
        pytest.param((), 0.0, id="no pods"),
        pytest.param((pod("x", "a"), pod("y", "b", phase="Pending")), 2.0, id="1 + 1"),
        pytest.param((pod("x", "a", phase="Succeeded"), pod("y", "a", phase="Failed")), 0.0, id="finished pods"),
        pytest.param((pod("x", "elsewhere"), pod("y", "")), 0.0, id="pods elsewhere, or on no node yet"),
    ],
)
def test_which_pods_count(pods: tuple[Pod, ...], cores: float) -> None:
    assert use(node("a"), node("b"), pods=pods).requested["cpu"] == cores


def test_the_fullest_resource_is_the_utilization_and_reservations_count() -> None:
    found = use(node("a"), pods=(pod("x", "a", 1.0, memory_bytes=6 * GIB),), holdings=(holding("r", "a", 1.0),))
    assert found.utilization == pytest.approx(7 / 8)  # cpu (1 + 1) / 4, memory (6 + 1) / 8, pods 2 / 110
    assert (found.requested["cpu"], found.reserved["cpu"], found.warm_nodes) == (1.0, 1.0, 1)


def test_the_room_that_a_standby_at_rest_rises_to_is_reserved_and_no_more() -> None:
    """It holds 0.1 cores and rises by 0.9; 1 + 0.1 are requested."""
    standing = holding("s", "a", 0.1, pod=pod("s", "a").key, rise={"cpu": 0.9})
    here = pool(node("a"), pods=(pod("x", "a", 1.0), pod("s", "a", 0.1)), holdings=(standing,))
    found = pool_use(here, {})
    assert (found.requested["cpu"], found.reserved["cpu"]) == (pytest.approx(1.1), pytest.approx(0.9))
    given_up = pool_use(here.without([standing]), {})
    assert (given_up.requested["cpu"], given_up.reserved["cpu"]) == (pytest.approx(1.0), pytest.approx(0.0))


def test_nothing_can_be_full_where_nothing_is_ready() -> None:
    found = use(node("a", ready=False), pods=(pod("x", "a"),))
    assert (found.utilization, found.fragmentation) == (None, None)


def test_cordoning_a_node_does_not_double_the_utilization() -> None:
    pods = (pod("x", "a", 2.0), pod("y", "b", 2.0))
    assert use(node("a"), node("b"), pods=pods).utilization == pytest.approx(0.5)  # 4 of 8 cores
    assert use(node("a"), node("b", schedulable=False), pods=pods).utilization == pytest.approx(0.5)  # 2 of 4


def test_memory_without_cpu_is_fragmented() -> None:
    """cpu and memory half used on both nodes: evenly nothing is lost, unevenly what is left cannot be used."""
    even = (pod("x", "a", 2.0, memory_bytes=4 * GIB), pod("y", "b", 2.0, memory_bytes=4 * GIB))
    uneven = (pod("x", "a", 4.0, memory_bytes=0.0), pod("y", "b", 0.0, memory_bytes=8 * GIB))
    fragmentation = [use(node("a", pods=2), node("b", pods=2), pods=pods).fragmentation for pods in (even, uneven)]
    assert fragmentation == [
        pytest.approx(0.0),
        pytest.approx((1 + 0.5) / 3),
    ]  # one resource full, one free, pods 1 / 2


def test_nodes_that_cannot_be_used_come_first_and_then_the_fullest() -> None:
    nodes = (node("a"), node("b", schedulable=False), node("c", ready=False), node("d"), node("e"))
    here = pool(*nodes, pods=(pod("x", "d", 1.0), pod("y", "e", 4.0)), members=frozenset("abcde"))
    found = pool_use(here, {"f": "north"}).notable
    assert [(one.name, one.state) for one in found] == [
        ("b", "Cordoned"), ("c", "NotReady"), ("f", "InPool north"), ("e", "Full"), ("d", "Ready"), ("a", "Ready"),
    ]  # fmt: skip


def test_a_large_pool_shows_twenty_nodes() -> None:
    assert len(use(*(node(f"n{i:03}") for i in range(300))).notable) == 20
