"""Which nodes a request may use at all: a table of what keeps it off, and spread and affinity counted with standbys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.model.constraints import Constraints, NodeTerm, PodTerm, Spread, Taint, Toleration
from edgewarm.model.geography import Point, Region
from edgewarm.model.identity import Key
from edgewarm.model.selector import Requirement, Selector
from edgewarm.pools.allocate import allocate
from edgewarm.pools.barriers import told
from edgewarm.pools.placement import Placed, placement
from support.pools import holding, node, pod, pool, request

pytestmark = pytest.mark.unit

WEB = Selector((("app", "web"),))
PLAIN = Constraints("shop", (("app", "web"),))
REGION = "topology.kubernetes.io/region"
SSD, EDGELESS = Selector((("disk", "ssd"),)), NodeTerm((Requirement("edge", "In", ("no",)),))
NAMED_A = NodeTerm(names=(Requirement("metadata.name", "In", ("a",)),))
MANY_CORES = NodeTerm((Requirement("cores", "Gt", ("8",)),))
OUTSIDE = "outside spec.regions"
BERLIN, PARIS = Point(52.52, 13.405), Point(48.8566, 2.3522)
NEAR, NEARER = (Region("berlin", BERLIN, 900.0),), (Region("berlin", BERLIN, 800.0),)
GPU = Taint("gpu", "a", "NoSchedule")


def of(**asked: Any) -> Constraints:
    return replace(PLAIN, **asked)


def tolerating(toleration: Toleration) -> dict[str, Any]:
    return {"constraints": of(tolerations=(toleration,))}


@pytest.mark.parametrize(
    ("state", "asked", "why"),
    [
        pytest.param({}, {}, None, id="nothing keeps it off"),
        pytest.param({"ready": False}, {}, "not ready", id="not ready"),
        pytest.param({"schedulable": False}, {}, "cordoned", id="cordoned"),
        pytest.param({"taints": (GPU,)}, {}, "taint gpu=a:NoSchedule", id="a taint"),
        pytest.param({"taints": (replace(GPU, effect="PreferNoSchedule"),)}, {}, None, id="a wish is no taint"),
        pytest.param({"taints": (GPU,)}, tolerating(Toleration("gpu", value="a")), None, id="equal"),
        pytest.param({"taints": (GPU,)}, tolerating(Toleration("gpu", value="b")), GPU, id="unequal"),
        pytest.param({"taints": (GPU,)}, tolerating(Toleration(operator="Exists")), None, id="all"),
        pytest.param({"taints": (GPU,)}, tolerating(Toleration("gpu", "Exists", "", "NoExecute")),
                     GPU, id="another effect"),
        pytest.param({}, {"constraints": of(node_selector=SSD)}, "node selector disk=ssd", id="label"),
        pytest.param({}, {"constraints": of(node_terms=(EDGELESS,))}, "node affinity",
                     id="affinity"),
        pytest.param({}, {"constraints": of(node_terms=(NodeTerm(), NAMED_A))},
                     None, id="one of two terms"),
        pytest.param({"labels": {"cores": "8"}}, {"constraints": of(node_terms=(MANY_CORES,))},
                     "node affinity", id="8 is not above 8"),
        pytest.param({}, {"only": frozenset({"b"})}, "not among the nodes asked for", id="another node is named"),
        pytest.param({"labels": {REGION: "north"}}, {"regions": (Region("south"),)},
                     OUTSIDE, id="another region"),
        pytest.param({"labels": {REGION: "north"}}, {"regions": (Region("south"), Region("north"))},
                     None, id="one of its regions"),
        pytest.param({"point": PARIS}, {"regions": NEARER}, OUTSIDE, id="877 km"),
        pytest.param({"point": PARIS}, {"regions": NEAR}, None, id="within 900 km"),
        pytest.param({}, {"regions": NEAR}, OUTSIDE, id="of unknown place"),
    ],
)  # fmt: skip
def test_what_keeps_a_request_off_a_node(state: dict[str, Any], asked: dict[str, Any], why: object) -> None:
    here, one = pool(node("a", **state)), request(**{"constraints": PLAIN, **asked})
    expected = {} if why is None else {f"taint {why}" if isinstance(why, Taint) else why: 1}
    assert told(one, here) == expected
    assert isinstance(placement(one, here), Placed) is (why is None)


def zones(*counts: int) -> Any:
    """One node per zone with so many web pods."""
    nodes = [node(f"n{i}", labels={"edge": "yes", "zone": f"z{i}"}) for i in range(len(counts))]
    pods = [pod(f"p{i}-{j}", f"n{i}", 0.1, labels={"app": "web"}) for i, n in enumerate(counts) for j in range(n)]
    return nodes, tuple(pods)


@pytest.mark.parametrize(
    ("counts", "spread", "allowed"),
    [
        pytest.param((1, 1, 0), Spread("zone", WEB), "n2", id="1 + 1 - 0 > 1 in n0 and n1"),
        pytest.param((1, 1, 0), Spread("zone", WEB, max_skew=2), "n0 n1 n2", id="1 + 1 - 0 = 2"),
        pytest.param((1, 1, 1), Spread("zone", WEB), "n0 n1 n2", id="even"),
        pytest.param((0, 0), Spread("zone", WEB, min_domains=3), "n0 n1", id="0 + 1 - 0"),
        pytest.param((1, 1), Spread("zone", WEB, min_domains=3), "", id="too few domains: the smallest counts 0"),
        pytest.param((1, 1), Spread("rack", WEB), "", id="no node has the key"),
    ],
)
def test_topology_spread(counts: tuple[int, ...], spread: Spread, allowed: str) -> None:
    nodes, pods = zones(*counts)
    here, one = pool(*nodes, pods=pods), request(cpu=0.1, constraints=of(spreads=(spread,)))
    found = [n.name for n in nodes if isinstance(placement(replace(one, only=frozenset({n.name})), here), Placed)]
    assert " ".join(found) == allowed


def test_spread_counts_pods_outside_the_pool_too() -> None:
    nodes, pods = zones(1, 0)
    here = pool(*nodes, pods=pods, members=frozenset({"n0"}))
    assert told(request(constraints=of(spreads=(Spread("zone", WEB),))), here) == {"topology spread": 1}


def test_a_standby_is_a_member_although_its_labels_are_changed() -> None:
    nodes, _ = zones(0, 0)
    changed = pod("web-s1", "n0", labels={"app": "web-standby"})
    standby = holding("web-s1", "n0", pod=Key("shop", "web-s1"), constraints=PLAIN)
    spread = request(constraints=of(spreads=(Spread("zone", WEB),)))
    answer = placement(spread, pool(*nodes, pods=(changed,), holdings=(standby,)))
    assert isinstance(answer, Placed)
    assert answer.node == "n1"


def test_what_is_granted_counts_for_the_spread_of_the_next() -> None:
    nodes, _ = zones(0, 0, 0)
    asked = [request(f"web-{i}", constraints=of(spreads=(Spread("zone", WEB),))) for i in range(6)]
    counts = [one.node for one in allocate(asked, pool(*nodes)).placed]
    assert sorted(counts) == ["n0", "n0", "n1", "n1", "n2", "n2"]


HOST = PodTerm("kubernetes.io/hostname", WEB, ("shop",))


def test_anti_affinity_holds_both_ways() -> None:
    nodes = (node("a"), node("b"))
    keeps_off = pod("db", "a", apart=(HOST,))
    apart = request(constraints=of(apart=(HOST,)))
    assert told(request(constraints=PLAIN), pool(*nodes, pods=(keeps_off,))) == {"anti-affinity of other pods": 1}
    assert told(apart, pool(*nodes, pods=(pod("x", "a", labels={"app": "web"}),))) == {"pod anti-affinity": 1}
    assert told(apart, pool(*nodes, pods=(pod("x", "a", labels={"app": "db"}),))) == {}
    both = [replace(apart, name=f"web-{i}") for i in range(3)]
    assert len(allocate(both, pool(*nodes)).placed) == 2


def test_affinity_follows_the_pods_or_begins_with_the_first_of_its_own() -> None:
    nodes, _ = zones(0, 0)
    near_db = request(constraints=of(together=(PodTerm("zone", Selector((("app", "db"),)), ("shop",)),)))
    near_itself = request(constraints=of(together=(PodTerm("zone", WEB, ("shop",)),)))
    db = pod("db", "n1", labels={"app": "db"})
    assert told(near_db, pool(*nodes)) == {"pod affinity": 2}
    assert told(near_db, pool(*nodes, pods=(db,))) == {"pod affinity": 1}
    assert told(near_itself, pool(*nodes)) == {}
