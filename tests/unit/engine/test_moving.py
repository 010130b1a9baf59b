"""One pod leaves its node: asked about first, marked, then a standby serves; and what is said while it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.ladder import LadderPlan
from edgewarm.engine.moving import STUCK_SECONDS, Mover, migrating
from edgewarm.engine.promoter import REFUSED_SECONDS, Promoter
from edgewarm.engine.remarks import Remark
from edgewarm.engine.reports import Case
from edgewarm.engine.standby import StandbyRung
from edgewarm.model.errors import Conflict, EdgewarmError, Forbidden, Protected, Unavailable
from edgewarm.model.operations import AskEviction, PatchObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.rungs import RestTerms, RungName, Rungs, StandbyTerms
from edgewarm.model.workload import Pod, Rollout
from edgewarm.replay.world import MemoryTelemetry
from support.builders import NOW, book, judgement
from support.rungs import Recorder, asked, standing_policy, told, view
from support.warm import deployment, full, node, pod, replica_set, resting, rising, sized, standby, starting

pytestmark = pytest.mark.unit
NODES = (node(schedulable=False), node("node-2"))
PODS = (pod("a"), pod("b", node="node-2"))
AWAY = standby("s", node="node-2")
TERMS = Rungs(StandbyTerms(0, 5), migration=True)


def case(
    *pods: Any, wanted: Policy | None = None, demand: float | None = 90.0, **overrides: Any
) -> tuple[Case, Recorder]:
    """Two pods, one of them on a cordoned node; demand for two."""
    policy = wanted or replace(standing_policy(), rungs=TERMS, pool="north")
    target = overrides.pop("target", deployment(replicas=2, ready=2))
    seen = view((*PODS, *pods), wanted=policy, target=target, sets=(replica_set(2),), **({"nodes": NODES} | overrides))
    known = judgement(demand, book=book(policy=policy), workload=target)
    climb = asked(seen, judged=known)
    ladder = LadderPlan(((RungName.STANDBY, StandbyRung().plan(climb)),))
    found = Case(climb.item, book(policy=policy), climb.workload, known, "", climb=climb, ladder=ladder)
    return found, Recorder(seen=seen)


async def move(found: Case, cluster: Recorder, now: float = NOW, promoter: Promoter | None = None) -> list[str]:
    telemetry = MemoryTelemetry()
    mover = Mover(cluster, telemetry, promoter or Promoter(cluster, telemetry))
    await mover.move(found, now)
    return told(cluster.done)


def said(found: Case) -> Remark | None:
    return next(iter(migrating(found.climb, found.book.rungs.moves)), None)


async def test_it_is_asked_about_then_marked_then_a_standby_serves() -> None:
    found, cluster = case(AWAY)
    assert await move(found, cluster) == ["ask a", "patch a", "patch s"]
    ask, mark, serve = cluster.done
    assert isinstance(ask, AskEviction)
    assert isinstance(mark, PatchObject)
    assert isinstance(serve, PatchObject)
    assert ask.uid == mark.uid == "uid-a"
    assert mark.body == {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-2147483648"}}}
    assert mark.resource_version == serve.resource_version == "7"
    (note,) = cluster.notes
    assert (note.reason, note.message) == (
        "Migrated",
        "a on node-1 (cordoned) leaves: s on node-2 serves in its stead",
    )


PAUSED = replace(standing_policy(paused_until=NOW + 60), rungs=TERMS)


@pytest.mark.parametrize(
    ("found", "reason", "why"),
    [
        pytest.param(case(), "Moving", "1 pod is to leave; next a on node-1 (cordoned)", id="no standby"),
        pytest.param(
            case(starting("s", node="node-2")), "Moving", "when a standby elsewhere is warm", id="not warm yet"
        ),
        pytest.param(case(AWAY, wanted=PAUSED), "Waiting", "the policy is paused", id="a pause"),
        pytest.param(case(AWAY, demand=None), "Waiting", "demand is unknown", id="blind"),
        pytest.param(case(AWAY, demand=350.0), "Waiting", "the replicas are about to change", id="a rise is due"),
        pytest.param(case(AWAY, nodes=(node(), node("node-2"))), "", "", id="nothing is to leave"),
        pytest.param(
            case(AWAY, wanted=replace(standing_policy(), rungs=Rungs(StandbyTerms()))), "", "", id="not asked"
        ),
        pytest.param(
            case(AWAY, wanted=replace(standing_policy(mode=Mode.RECOMMEND), rungs=TERMS)), "", "", id="mode Recommend"
        ),
        pytest.param(
            case(AWAY, target=deployment(Rollout("1", True), replicas=2, ready=2)), "", "", id="a rollout is under way"
        ),
    ],
)
async def test_nothing_moves_and_why(found: tuple[Case, Recorder], reason: str, why: str) -> None:
    assert await move(*found) == []
    remark = said(found[0])
    assert ("" if remark is None else remark.reason) == reason
    assert remark is None or why in remark.message


@pytest.mark.parametrize(
    ("problems", "done", "reason"),
    [
        pytest.param({"ask a": Protected("a budget")}, [], "EvictionRefused", id="a budget protects it"),
        pytest.param({"ask a": Forbidden("no right")}, [], "ActionFailed", id="no right to ask"),
        pytest.param({"ask a": Conflict("another")}, [], "Moving", id="it changed: looked at again"),
        pytest.param({"a": Forbidden("no right")}, [], "ActionFailed", id="no right to mark"),
        pytest.param({"s": Conflict("it changed")}, ["ask a", "patch a"], "Moving", id="the standby changed"),
    ],
)
async def test_what_is_refused_moves_nothing(problems: dict[str, EdgewarmError], done: list[str], reason: str) -> None:
    found, cluster = case(AWAY)
    cluster.problems = problems
    found_done = await move(found, cluster)
    assert found_done in (done, ["ask a"])
    assert "patch s" not in found_done
    remark = said(found)
    assert remark is not None
    assert remark.reason == reason


async def test_a_refusal_is_forgotten_when_the_pod_may_go() -> None:
    found, cluster = case(AWAY)
    cluster.problems = {"ask a": Protected("a budget")}
    await move(found, cluster)
    cluster.problems = {}
    assert await move(found, cluster) == ["ask a", "patch a", "patch s"]


async def test_a_pod_that_does_not_go_is_waited_for_before_another_standby_is_spent_on_it() -> None:
    """As where a cluster's ReplicaSets know no deletion cost: they would delete each standby that was promoted."""
    found, cluster = case(AWAY)
    await move(found, cluster)
    cluster.done.clear()
    assert await move(found, cluster) == []
    remark = said(found)
    assert remark is not None
    assert remark.message.endswith("a on node-1 (cordoned) has not gone yet")
    assert found.climb is not None
    later = replace(found, climb=replace(found.climb, now=NOW + STUCK_SECONDS))
    assert await move(later, cluster, NOW + STUCK_SECONDS) == ["ask a", "patch a", "patch s"]


async def test_a_standby_that_was_promoted_just_now_is_not_spent_twice() -> None:
    found, cluster = case(AWAY)
    promoter = Promoter(cluster, MemoryTelemetry())
    await move(found, cluster, promoter=promoter)
    found.book.rungs.moves.pod = ""
    cluster.done.clear()
    assert await move(found, cluster, promoter=promoter) == []


def at_rest(*standbys: Pod, **overrides: Any) -> tuple[Case, Recorder]:
    """As above, where standbys rest; these are on node-2."""
    rungs = Rungs(StandbyTerms(0, 5, rest=RestTerms(0.1)), migration=True)
    wanted = replace(standing_policy(), rungs=rungs, pool="north")
    target = deployment(template=sized(), replicas=2, ready=2)
    there = (replace(one, node="node-2") for one in standbys)
    return case(*there, wanted=wanted, target=target, can_resize=True, **overrides)


async def test_one_at_rest_rises_and_nothing_else_happens_before_it_has_its_cpu() -> None:
    found, cluster = at_rest(resting("s"))
    promoter = Promoter(cluster, MemoryTelemetry())
    assert await move(found, cluster, promoter=promoter) == ["patch s"]
    rise = cluster.done.pop()
    assert isinstance(rise, PatchObject)
    assert (rise.subresource, rise.resource_version) == ("resize", "7")
    assert await move(found, cluster, promoter=promoter) == []  # the view does not show it yet
    later, cluster = at_rest(rising("s"))
    assert await move(later, cluster) == []
    later, cluster = at_rest(full("s"))
    assert await move(later, cluster) == ["ask a", "patch a", "patch s"]


@pytest.mark.parametrize(
    ("problem", "reason", "why"),
    [
        pytest.param(Forbidden("a quota of 2 cpu"), "RiseRefused", "a quota of 2 cpu", id="a quota"),
        pytest.param(Unavailable("it is away"), "ActionFailed", "it is away", id="no API server"),
        pytest.param(Conflict("it changed"), "Moving", "when a standby elsewhere is warm", id="looked at again"),
    ],
)
async def test_a_rise_that_is_refused_leaves_the_pod_where_it_is(problem: EdgewarmError, reason: str, why: str) -> None:
    found, cluster = at_rest(resting("s"))
    cluster.problems = {"s": problem}
    assert await move(found, cluster) == []
    remark = said(found)
    assert remark is not None
    assert remark.reason == reason
    assert remark.message.endswith(why)


async def test_what_the_api_server_refused_is_said_until_it_is_tried_again() -> None:
    found, cluster = at_rest(resting("s"))
    cluster.problems, promoter = {"s": Forbidden("a quota")}, Promoter(cluster, MemoryTelemetry())
    for now in (NOW, NOW + 15):
        assert await move(found, cluster, now, promoter) == []
        remark = said(found)
        assert remark is not None
        assert remark.message == "a on node-1 (cordoned) stays: standby s on node-2 is not given its cpu: a quota"
    cluster.problems = {}
    assert await move(found, cluster, NOW + 15, promoter) == []
    assert await move(found, cluster, NOW + REFUSED_SECONDS, promoter) == ["patch s"]


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        pytest.param([resting("s")], "RiseRefused", id="the pod stays"),
        pytest.param([resting("s"), full("t", ready_at=None)], "Moving", id="one that starts needs no rise"),
    ],
)
async def test_none_rises_beyond_the_budgets_of_the_pool(pods: list[Pod], reason: str) -> None:
    found, cluster = at_rest(*pods)
    assert found.climb is not None
    found = replace(found, climb=replace(found.climb, may_rise=lambda _, __: False))
    assert await move(found, cluster) == []
    remark = said(found)
    assert remark is not None
    assert remark.reason == reason
