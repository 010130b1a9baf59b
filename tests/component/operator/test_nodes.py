"""Demand by node: the sum is decided on, each node is forecast, nodes come and go, and what is shown adds up."""

from __future__ import annotations

import re

import pytest

from edgewarm.manifests.forecast import forecast_answer
from edgewarm.model.identity import Key
from support.fake_prometheus import Series
from support.operator_world import OperatorWorld

pytestmark = pytest.mark.component

BY_NODE = {"query": "by node", "capacityPerPod": "50", "labels": {"node": "node"}}


async def running(world: OperatorWorld, **nodes: float) -> OperatorWorld:
    """One pod, and an hour of history."""
    world.deployment(replicas=1)
    asks(world, **nodes)
    world.policy(demand=BY_NODE)
    await world.start()
    await world.passes(240)
    return world


def asks(world: OperatorWorld, **nodes: float) -> None:
    """As if it had always been so."""
    series: list[Series] = [({"node": node.replace("_", "-")}, value) for node, value in nodes.items()]
    world.prometheus.queries["by node"] = lambda at: series


def shown(world: OperatorWorld, metric: str, rest: str = "") -> dict[str, float]:
    """Value by node."""
    found = (re.fullmatch(rf'{metric}{{.*node="([^"]+)".*{rest}.*}} (.+)', line) for line in world.series())
    return {match[1]: float(match[2]) for match in found if match is not None}


def forecast(world: OperatorWorld) -> float:
    """The median of the whole."""
    (line,) = (x for x in world.series() if x.startswith("edgewarm_forecast_demand") and 'quantile="0.5"' in x)
    return float(line.rsplit(" ", 1)[1])


async def test_the_sum_is_decided_on_and_the_nodes_add_up_to_its_forecast(world: OperatorWorld) -> None:
    await running(world, edge_1=120.0, edge_2=70.0)
    assert (world.standing(), world.status()["demand"], world.status()["need"]) == ("Forecasting", "190", 4)
    assert world.replicas() >= 4
    assert shown(world, "edgewarm_node_demand") == {"edge-1": 120.0, "edge-2": 70.0}
    medians = shown(world, "edgewarm_node_forecast_demand", 'quantile="0.5"')
    assert sum(medians.values()) == pytest.approx(forecast(world))
    assert medians["edge-1"] == pytest.approx(120.0, rel=0.1)


async def test_every_label_is_split_and_shown_and_adds_up_on_its_own(world: OperatorWorld) -> None:
    world.deployment(replicas=1)
    amounts = {("edge-1", "cart"): 80.0, ("edge-1", "search"): 40.0, ("edge-2", "search"): 70.0}
    series: list[Series] = [({"node": node, "type": kind}, value) for (node, kind), value in amounts.items()]
    world.prometheus.queries["by node"] = lambda at: series
    world.policy(demand=BY_NODE | {"labels": {"node": "node", "requestType": "type"}})
    await world.start()
    await world.passes(240)
    assert shown(world, "edgewarm_node_demand") == {"edge-1": 120.0, "edge-2": 70.0}
    lines = [line for line in world.series() if line.startswith("edgewarm_part_demand{")]
    assert sorted(float(line.rsplit(" ", 1)[1]) for line in lines) == [80.0, 110.0]
    assert all('by="requestType"' in line for line in lines)
    told = world.process.engine.forecasts.told(Key("shop", "checkout"), world.clock.now)
    found = forecast_answer(told)
    lead = next(one for one in found["horizons"] if one["horizon"] == "lead")
    for by, count in (("node", 2), ("requestType", 2)):
        mine = [part for part in found["parts"] if part["by"] == by]
        assert len(mine) == count
        assert sum(part["p50"] for part in mine) == pytest.approx(lead["p50"], rel=1e-6)


async def test_nodes_come_and_go_while_it_runs(world: OperatorWorld) -> None:
    await running(world, edge_1=120.0, edge_2=70.0)
    asks(world, edge_1=120.0, edge_3=40.0)
    await world.passes(240)
    assert shown(world, "edgewarm_node_demand") == {"edge-1": 120.0, "edge-2": 0.0, "edge-3": 40.0}
    medians = shown(world, "edgewarm_node_forecast_demand", 'quantile="0.5"')
    assert sum(medians.values()) == pytest.approx(forecast(world))
    await world.passes(3700)
    assert shown(world, "edgewarm_node_demand").keys() == {"edge-1", "edge-3"}


async def test_an_answer_without_the_label_is_told_and_holds(world: OperatorWorld) -> None:
    await running(world, edge_1=120.0, edge_2=70.0)
    before = world.replicas()
    world.prometheus.queries["by node"] = lambda at: [({}, 10.0)]
    await world.passes(900)
    stalled = world.condition("Stalled")
    assert stalled is not None
    assert stalled["reason"] == "NoLabel"
    assert "a series without label node: wrap the query in sum by (node) (...)" in stalled["message"]
    assert world.replicas() == before
    assert shown(world, "edgewarm_node_demand") == {}
