"""Pulls are rationed over all policies: one a node, ten a pool, within budgets, none before a pod that starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.pull_ration import PullAsk, PullRation
from edgewarm.model.amounts import BANDWIDTH, PULLS, STORAGE
from edgewarm.model.constraints import Constraints, Taint, Toleration
from edgewarm.model.identity import Key
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Warming
from edgewarm.model.pool import PoolSettings, Slowdown
from edgewarm.model.pulls import PullProgress
from edgewarm.model.selector import Selector
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Node, Owner, Pod
from support.builders import NOW, policy, policy_object, workload

pytestmark = pytest.mark.unit

GB = 1e9
WIDE = policy(pool="edge", warming=Warming(max_nodes=100, max_new_nodes=100))
ITEM = replace(policy_object(), policy=WIDE)
NODES = {f"n{number:02}": Node(f"n{number:02}", {}, True, True, 4.0, 8e9, 110) for number in range(30)}
SMALL = PoolSettings(limits={STORAGE: GB})
HELD = PullProgress(1, 1, ended_at=NOW, size=int(GB))
PLAIN = PoolSettings()
ON_ITS_WAY = PullProgress(1, 0)


def pod(name: str, node: str = "n00", pulling: PullProgress | None = ON_ITS_WAY, age: float = 30.0) -> Pod:
    owner = Owner("WarmingPolicy", ITEM.key.name, ITEM.uid) if pulling else None
    found = replace(pulling, node=node) if pulling else None
    return Pod(Key("shop", name), name, {}, node, "Pending", NOW - age, None, False, owner=owner, pulling=found)


def view(*pods: Pod, nodes: dict[str, Node] = NODES, settings: PoolSettings = PLAIN, **more: Any) -> ClusterView:
    mine = {one.key: one for one in pods if one.owner is not None}
    pool = PoolObject("edge", "pool-uid", 1, Selector(), settings=settings)
    works = {("shop", workload().ref): workload()}
    everything = {one.key: one for one in pods}
    return ClusterView(
        {ITEM.key: ITEM}, {"edge": pool}, works, pods=everything, owned={ITEM.uid: mine}, nodes=nodes, **more
    )


def ask(node: str = "n00", uid: str = "p", found: Any = WIDE, **more: Any) -> PullAsk:
    return PullAsk(ITEM.key, uid, found, workload(), node, 1, **more)


def refused(seen: ClusterView, node: str = "n00", **more: Any) -> str:
    return str(PullRation().refusal(seen, ask(node, **more), NOW))


TEN = [pod(f"p{number}", f"n{number:02}") for number in range(10)]


@pytest.mark.parametrize(
    ("seen", "node", "why"),
    [
        pytest.param(view(), "n00", "", id="nothing is under way"),
        pytest.param(view(pod("a")), "n00", "another image is being pulled there", id="one a node"),
        pytest.param(view(pod("a")), "n01", "", id="another node"),
        pytest.param(view(*TEN[:9]), "n20", "", id="nine of ten"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 1, ended_at=NOW))), "n00", "", id="one that has ended"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 1))), "n00", "", id="one whose image is there"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 0, "ErrImagePull"))), "n00", "", id="one that backs off"),
        pytest.param(view(pod("a", pulling=None)), "n00", "a pod is starting there", id="a pod of others starts"),
        pytest.param(view(pod("a", pulling=None, age=700.0)), "n00", "", id="one that waits for something else"),
        pytest.param(
            view(unseen=frozenset({"x"})), "n00", "what was written last is not seen yet", id="the view is stale"
        ),
    ],
)
def test_who_may_begin_a_pull(seen: ClusterView, node: str, why: str) -> None:
    assert refused(seen, node) == why


@pytest.mark.parametrize(
    ("why", "word"),
    [
        pytest.param(refused(view(*TEN), "n20"), "concurrentPulls", id="ten a pool, unless the pool says otherwise"),
        pytest.param(
            refused(view(*TEN[:2], settings=PoolSettings(limits={PULLS: 2.0})), "n20"), "concurrentPulls", id="two"
        ),
        pytest.param(refused(view(settings=SMALL), size=2 * GB), "storage", id="2 GB of 1 GB"),
        pytest.param(
            refused(view(pod("a", "n01", HELD), settings=SMALL), size=1.0),
            "storage",
            id="what is held counts",
        ),
        pytest.param(
            refused(view(settings=PoolSettings(limits={BANDWIDTH: 8e6})), speed=2e6), "bandwidth", id="16 Mbit/s of 8"
        ),
        pytest.param(
            refused(view(nodes={"n00": replace(NODES["n00"], cpu_cores=0.0)})), "cpu", id="a node without room"
        ),
        pytest.param(
            refused(view(nodes={"n00": replace(NODES["n00"], taints=(Taint("edge", "", "NoSchedule"),))})),
            "taint edge",
            id="a taint that the workload does not tolerate",
        ),
    ],
)
def test_what_the_pool_refuses_and_says(why: str, word: str) -> None:
    assert word in why


@pytest.mark.parametrize("settings", [PLAIN, PoolSettings(limits={PULLS: 10.0})], ids=["the default", "it says so"])
def test_a_pull_that_waits_its_turn_names_the_field_and_advises_nothing_that_would_not_help(
    settings: PoolSettings,
) -> None:
    """Nothing gives way for a pull, whatever the pool's preemption and the policy's priority are."""
    assert refused(view(*TEN, settings=settings), "n20") == (
        "images of shop/web on n20: spec.budgets.concurrentPulls has 0 left and 1 is asked: 1 short; "
        "raise spec.budgets.concurrentPulls by 1"
    )


def test_a_policy_warms_as_many_nodes_as_it_may() -> None:
    ration, seen = PullRation(), view()
    few = policy(pool="edge", warming=Warming(max_nodes=2, max_new_nodes=2))
    seen = replace(seen, policies={ITEM.key: replace(ITEM, policy=few)})
    answers = [ration.refusal(seen, ask(node, found=few), NOW) for node in ("n00", "n01", "n02")]
    assert answers[:2] == ["", ""]
    assert "spec.warming" in str(answers[2])


def test_a_pool_that_is_full_pauses_pulls() -> None:
    busy = replace(pod("a", "n00", None, 700.0), cpu_cores=3.9)
    one = {"n00": NODES["n00"]}
    assert "paus" in refused(view(busy, nodes=one, settings=PoolSettings(slowdown=Slowdown(0.5, 0.9))))


def test_what_was_granted_counts_within_the_same_view_and_asking_twice_is_asking_once() -> None:
    ration, seen = PullRation(), view()
    answers = [ration.refusal(seen, ask(node), NOW) for node in (*list(NODES)[:11], "n00")]
    assert answers[:10] == [""] * 10
    assert "concurrentPulls" in str(answers[10])
    assert answers[11] == ""
    assert ration.refusal(seen, ask(uid="other"), NOW) == "another image is being pulled there"


def test_another_view_begins_with_what_it_shows() -> None:
    ration = PullRation()
    assert ration.refusal(view(), ask(), NOW) == ""
    assert ration.refusal(view(), ask(uid="other"), NOW) == ""


def test_only_nodes_that_take_the_workloads_pods_come_into_question() -> None:
    tainted = replace(NODES["n01"], taints=(Taint("edge", "", "NoSchedule"),))
    nodes = {"n00": NODES["n00"], "n01": tainted, "n02": replace(NODES["n02"], ready=False)}
    seen = view(nodes=nodes)
    assert PullRation().open_nodes(seen, ask(""), NOW) == {"n00"}
    tolerant = workload(constraints=Constraints(tolerations=(Toleration("edge", "Exists"),)))
    assert PullRation().open_nodes(seen, replace(ask(""), workload=tolerant), NOW) == {"n00", "n01"}
