"""Edge node pools on a real control plane: the example as it stands, room reserved by hand, and what mistakes read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane.waiting import wait_until
from rig.objects import condition, deployment, namespace, policy, rate_of
from rig.world import World

pytestmark = pytest.mark.e2e
LONG = 240.0
EXAMPLE = Path(__file__).parents[2] / "examples" / "pool.yaml"
NORTH, SITE = "sim-0", "edge-north"


@pytest.fixture(scope="module")
def site(here: World) -> str:
    """The example pool, a node for it, and a namespace that it allows."""
    allowed = namespace("edge")
    allowed["metadata"]["labels"] = {"edge": "allowed"}
    here.kubectl.apply(allowed, namespace("elsewhere"), yaml.safe_load(EXAMPLE.read_text()))
    here.kubectl.run("label", "node", NORTH, "topology.kubernetes.io/zone=north", "topology.kubernetes.io/region=north")
    here.kubectl.run("wait", "enp", SITE, "--for=condition=Ready", f"--timeout={LONG:.0f}s")
    return SITE


def status(here: World, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = here.kubectl.get("enp", name).get("status", {})
    return found


def said(here: World, place: str, name: str, kind: str) -> Mapping[str, Any]:
    return {"reason": "", "message": "", **condition(here.kubectl.get("wp", name, place), kind)}


def reserving(here: World, place: str, name: str, pods: int, **spec: Any) -> None:
    """A policy that wants room for so many pods on the node, for an hour."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    warming = {"nodes": [{"name": spec.pop("on", NORTH), "until": until, "pods": pods}]}
    tended = policy(place, name, rate_of("steady"), 500, mode="Act", poolRef={"name": SITE}, warming=warming, **spec)
    here.kubectl.apply(deployment(place, name, 1, "1s"), tended)


def waited(here: World, place: str, name: str, reason: str, kind: str = "NodesWarmed") -> str:
    def found() -> Mapping[str, Any]:
        return said(here, place, name, kind)

    wait_until(reason, lambda: found()["reason"] == reason, LONG, lambda: str(found()))
    return str(found()["message"])


def pods_left(here: World, site: str) -> str:
    """Of the pool's budget."""
    return str({one["name"]: one["left"] for one in status(here, site)["budgets"]}["pods"])


def test_a_pool_shows_its_nodes_and_what_is_reserved_there(here: World, site: str) -> None:
    reserving(here, "edge", "reserved", 3)
    waited(here, "edge", "reserved", "RoomReserved")
    wait_until("a warm node", lambda: status(here, site).get("warmNodes") == 1, LONG, lambda: str(status(here, site)))

    header, row = here.kubectl.run("get", "enp", site).splitlines()
    assert header.split() == ["NAME", "NODES", "READY", "WARM", "UTIL", "REASON", "AGE"]
    assert row.split()[:4] == [site, "1", "1", "1"]
    assert row.split()[5] == "NodesReady"
    found = status(here, site)
    assert (found["capacity"]["cpu"], found["reserved"]["cpu"]) == ("16", "150m")
    assert {one["name"]: one["used"] for one in found["budgets"]}["pods"] == "3"
    assert found["notableNodes"][0]["name"] == NORTH


def test_what_does_not_fit_the_budget_reads_the_numbers(here: World, site: str) -> None:
    reserving(here, "edge", "greedy", 40)
    message = waited(here, "edge", "greedy", "BudgetExhausted")
    assert "spec.budgets.pods has 0 left and 1 is asked: 1 short; raise spec.budgets.pods by 1" in message
    here.kubectl.run("delete", "wp", "greedy", "-n", "edge")
    wait_until("the room to be given back", lambda: pods_left(here, site) != "0", LONG)


def test_mistakes_about_a_pool_read_what_to_change(here: World, site: str) -> None:
    reserving(here, "edge", "lost", 1, on="no-such-node")
    reserving(here, "edge", "abroad", 1, regions=[{"name": "south"}])
    reserving(here, "elsewhere", "stranger", 1)
    assert f"EdgeNodePool {site} has no node no-such-node" in waited(here, "edge", "lost", "UnknownNode")
    assert "1 outside spec.regions" in waited(here, "edge", "abroad", "NoNodeAllowed")
    assert "is not for namespace elsewhere" in waited(here, "elsewhere", "stranger", "NamespaceNotAllowed", "Ready")


def test_a_pool_of_no_node_and_a_pool_of_anothers_nodes_say_so(here: World, site: str) -> None:
    def pool(name: str, zone: str) -> dict[str, Any]:
        spec = {"selector": {"matchLabels": {"topology.kubernetes.io/zone": zone}}}
        return {"apiVersion": "edgewarm.io/v1alpha1", "kind": "EdgeNodePool", "metadata": {"name": name}, "spec": spec}

    here.kubectl.apply(pool("also-north", "north"), pool("no-zone", "no-such-zone"))
    wait_until("NoNodes", lambda: status(here, "no-zone").get("reason") == "NoNodes", LONG)
    wait_until("NodesInOlderPool", lambda: status(here, "also-north").get("reason") == "NodesInOlderPool", LONG)
    message = condition(here.kubectl.get("enp", "also-north"), "Overlapping")["message"]
    assert f"{NORTH} to the older EdgeNodePool {site}" in message
    assert status(here, site)["nodes"] == 1
