"""The utilisation that is expected of a node, from demand by node."""

from __future__ import annotations

import pytest

from edgewarm.model.prices import GIB
from edgewarm.pools.expected import NodeDemand, expected_utilization
from support.builders import workload
from support.pools import node, pod

pytestmark = pytest.mark.unit

WEB = workload(asks={"cpu": 0.5, "memory": GIB, "pods": 1.0})


def test_own_pods_are_replaced_by_what_will_be_needed_and_others_stay() -> None:
    own = pod("web-1", "a", 3.0, labels={"app": "web"})
    other = pod("db", "a", 1.0, labels={"app": "db"})
    done = pod("job", "a", 2.0, phase="Succeeded")
    found = expected_utilization([node("a"), node("b")], [own, other, done], [NodeDemand(WEB, {"a": 3.0})])
    assert found == {"a": pytest.approx((1.0 + 3 * 0.5) / 4)}  # cpu; memory (1 + 3) / 8 is as much, pods 4 / 110


def test_the_needs_of_several_workloads_add_up_and_unknown_nodes_are_passed_over() -> None:
    search = workload(asks={"cpu": 1.0, "memory": 0.0, "pods": 1.0})
    demands = [NodeDemand(WEB, {"a": 2.0, "gone": 1.0}), NodeDemand(search, {"a": 1.0, "b": 1.0})]
    found = expected_utilization([node("a"), node("b")], [], demands)
    assert found == {"a": pytest.approx(0.5), "b": pytest.approx(0.25)}
