"""How full a pool is: which nodes and which pods count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.model.identity import Key
from edgewarm.model.workload import Node, Pod, Selector
from edgewarm.pools.use import PoolUse, Resources, pool_use

pytestmark = pytest.mark.unit

EDGE = Selector((("edge", "yes"),))
ONE = Node("one", {"edge": "yes"}, ready=True, schedulable=True, cpu_cores=4.0, memory_bytes=16.0, pods=10)
TWO = replace(ONE, name="two")


def pod(node: str, phase: str = "Running", cpu: float = 1.0, memory: float = 2.0) -> Pod:
    return Pod(Key("shop", f"{node}-{phase}"), "u", {}, node, phase, 0.0, None, False, cpu, memory)


@pytest.mark.parametrize(
    ("nodes", "expected", "ready", "cores"),
    [
        pytest.param([], 0, 0, 0.0, id="no nodes"),
        pytest.param([ONE, TWO], 2, 2, 8.0, id="4 + 4 cores"),
        pytest.param([ONE, replace(TWO, labels={})], 1, 1, 4.0, id="another label is another pool"),
        pytest.param([ONE, replace(TWO, ready=False)], 2, 1, 4.0, id="a node that is not ready gives nothing"),
        pytest.param([ONE, replace(TWO, schedulable=False)], 2, 1, 4.0, id="nor one that is cordoned"),
    ],
)
def test_which_nodes_count(nodes: list[Node], expected: int, ready: int, cores: float) -> None:
    use = pool_use(EDGE, nodes, [])
    assert (use.nodes, use.ready_nodes, use.capacity.cpu_cores) == (expected, ready, cores)


@pytest.mark.parametrize(
    ("pods", "requested"),
    [
        pytest.param([], Resources(), id="no pods"),
        pytest.param([pod("one"), pod("two", "Pending")], Resources(2.0, 4.0, 2), id="1 + 1 cores, 2 + 2 bytes"),
        pytest.param([pod("one", "Succeeded"), pod("one", "Failed")], Resources(), id="finished pods hold nothing"),
        pytest.param([pod("elsewhere"), pod("")], Resources(), id="pods elsewhere, or on no node yet"),
    ],
)
def test_which_pods_count(pods: list[Pod], requested: Resources) -> None:
    assert pool_use(EDGE, [ONE, TWO], pods).requested == requested


@pytest.mark.parametrize(
    ("requested", "share"),
    [
        pytest.param(Resources(1.0, 8.0, 2), 0.5, id="cpu 1 / 4, memory 8 / 16, pods 2 / 10"),
        pytest.param(Resources(1.0, 0.0, 9), 0.9, id="pods 9 / 10 is the fullest"),
        pytest.param(Resources(), 0.0, id="empty"),
    ],
)
def test_the_fullest_resource_is_the_utilization(requested: Resources, share: float) -> None:
    assert PoolUse(1, 1, Resources(4.0, 16.0, 10), requested).utilization == pytest.approx(share)


def test_nothing_can_be_full_where_nothing_is_ready() -> None:
    assert pool_use(EDGE, [replace(ONE, ready=False)], [pod("one")]).utilization is None


def test_cordoning_a_node_does_not_double_the_utilization() -> None:
    pods = [pod("one", cpu=2.0, memory=0.0), pod("two", cpu=2.0, memory=0.0)]
    assert pool_use(EDGE, [ONE, TWO], pods).utilization == pytest.approx(0.5)  # 4 of 8 cores
    assert pool_use(EDGE, [ONE, replace(TWO, schedulable=False)], pods).utilization == pytest.approx(0.5)  # 2 of 4
