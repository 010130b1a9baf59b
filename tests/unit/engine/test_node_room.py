"""The node room rung's plan: what stays, comes and goes, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.node_room import HERE, NodeRoomRung
from edgewarm.engine.standby import StandbyRung
from edgewarm.manifests.placeholder import PlaceholderDraft, placeholder_key
from edgewarm.model.identity import Key
from edgewarm.model.names import RUNG_LABEL, TEMPLATE_HASH_LABEL
from edgewarm.model.policy import Policy
from edgewarm.model.pool import Holding
from edgewarm.model.rungs import NodeRoomTerms, RungName, Rungs, StandbyTerms
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Pod
from edgewarm.pools.placement import Answer, Placed, Refusal, Refused
from support.builders import NOW, judgement, policy
from support.rungs import asked, told, view
from support.warm import POLICY, deployment, node, pod, template

pytestmark = pytest.mark.unit
RUNG = NodeRoomRung()
SERVING = (pod("a"), pod("b"))
KEY = placeholder_key(PlaceholderDraft(Key("shop", "web"), "uid-web", template(), {}))


def roomy(least: int = 2, **overrides: Any) -> Policy:
    return policy(rungs=Rungs(node_room=NodeRoomTerms(least)), **overrides)


def held(name: str, **overrides: Any) -> Pod:
    labels = {RUNG_LABEL: RungName.NODE_ROOM, TEMPLATE_HASH_LABEL: KEY}
    return pod(name, **({"labels": labels, "owner": POLICY, "priority": -10} | overrides))


@pytest.mark.parametrize(
    ("seen", "reason", "counts", "does"),
    [
        pytest.param(view(SERVING, wanted=roomy()), "NodeRoomMinimum", (2, 0, 0), ["make", "make"], id="none is there"),
        pytest.param(
            view((*SERVING, held("p1"), held("p2", node="")), wanted=roomy()),
            "NodeRoomMinimum",
            (2, 1, 1),
            [],
            id="one has room, one waits for it",
        ),
        pytest.param(
            view((*SERVING, held("p1"), held("p2"), held("p3", created_at=NOW)), wanted=roomy()),
            "NodeRoomMinimum",
            (2, 3, 0),
            ["delete p3"],
            id="one too many",
        ),
        pytest.param(
            view((*SERVING, held("p1")), wanted=policy()), "NodeRoomNotAsked", (0, 0, 0), ["delete p1"], id="opted out"
        ),
        pytest.param(
            view((*SERVING, held("p1")), wanted=roomy(paused_until=NOW + 60)),
            "NodeRoomHeld",
            (1, 1, 0),
            [],
            id="paused",
        ),
        pytest.param(
            view((pod("a", priority=-10), held("p1")), wanted=roomy()),
            "NodeRoomRefused",
            (0, 0, 0),
            ["delete p1"],
            id="its pods would push none out",
        ),
        pytest.param(
            view(
                (*SERVING, held("p1"), held("p2")), wanted=roomy(), target=deployment(template=template(nodeName="x"))
            ),
            "NodeRoomMinimum",
            (2, 2, 0),
            [],
            id="a change of the template that is not about room",
        ),
    ],
)
def test_a_plan(seen: ClusterView, reason: str, counts: tuple[int, int, int], does: list[str]) -> None:
    plan = RUNG.plan(asked(seen))
    (count,) = plan.counts
    assert (count.place, count.reason) == (HERE, reason)
    assert (count.wanted, count.warm, count.warming) == counts
    assert told(plan.operations) == does
    assert all(operation.owner == "uid-web" for operation in plan.operations)


def test_other_requests_replace_them() -> None:
    bigger = deployment(asks={"cpu": 2.0})
    plan = RUNG.plan(asked(view((*SERVING, held("p1"), held("p2")), wanted=roomy(), target=bigger)))
    assert told(plan.operations) == ["delete p1", "delete p2", "make", "make"]


def test_while_demand_is_unknown_no_fewer_are_held() -> None:
    seen = view((*SERVING, held("p1"), held("p2")), wanted=roomy(0))
    plan = RUNG.plan(asked(seen, judged=judgement(None, workload=seen.workloads["shop", policy().target])))
    assert (plan.counts[0].wanted, plan.counts[0].reason, plan.operations) == (2, "NodeRoomHeld", ())
    assert told(RUNG.plan(asked(seen)).operations) == ["delete p1", "delete p2"]


def test_of_what_a_person_approved_no_more_is_made() -> None:
    seen = view(SERVING, wanted=roomy())
    assert told(RUNG.plan(asked(seen, granted={HERE: 1})).operations) == ["make"]
    assert told(RUNG.plan(asked(seen, granted={})).operations) == []


def test_the_pool_says_where_and_what_it_refuses_is_not_made() -> None:
    situation = asked(view(SERVING, wanted=roomy()))
    first, second = RUNG.plan(situation).requests
    free = Placed(first, first.held_on("edge-1", NOW))
    behind = Holding("s", second.owner, "Standby", "edge-1", {}, NOW, pod=Key("shop", "s"))
    answers: list[Answer] = [Refused(second, Refusal.NO_ROOM), Placed(second, second.held_on("edge-1", NOW), (behind,))]
    for answer in answers:
        plan = RUNG.plan(replace(situation, places={first.name: free, second.name: answer}))
        assert [op.why for op in plan.operations] == ["room for a pod is wanted on edge-1"]


def test_what_the_pool_gives_up_goes() -> None:
    seen = view((*SERVING, held("p1"), held("p2")), wanted=roomy())
    assert told(RUNG.plan(asked(seen, given_up=frozenset({Key("shop", "p2")}))).operations) == ["delete p2"]


@pytest.mark.parametrize(
    ("nodes", "status", "reason"), [(("node-1", "node-1"), True, "Warm"), (("", ""), False, "Waiting")]
)
def test_the_condition_says_how_much_room_there_is(nodes: tuple[str, ...], status: bool, reason: str) -> None:
    pods = [held(f"p{i}", node=name) for i, name in enumerate(nodes)]
    (remark,) = RUNG.plan(asked(view((*SERVING, *pods), wanted=roomy()))).remarks
    assert (remark.kind, remark.status, remark.reason) == ("NodeRoomWarm", status, reason)


def test_a_placeholder_gives_its_room_to_a_standby() -> None:
    """Three cores: two pods and a placeholder, which a standby would push out; one that waits takes no room either."""
    wanted = policy(rungs=Rungs(StandbyTerms(1), node_room=NodeRoomTerms(2)))
    pods = (*SERVING, held("p1"), held("p2", node="", unschedulable_since=NOW - 60))
    seen = view(pods, wanted=wanted, nodes=(node(cpu=3.0),))
    plan = StandbyRung().plan(asked(seen))
    assert (plan.counts[0].wanted, told(plan.operations)) == (1, ["make"])
