"""Pulls are rationed over all policies: one a node, ten a pool, within budgets, none before a pod that starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.pull_ration import PullAsk, PullRation
from edgewarm.model.amounts import BANDWIDTH, CPU, MEMORY, PULLS, STORAGE
from edgewarm.model.constraints import Constraints, NodeTerm, Taint, Toleration
from edgewarm.model.identity import Key
from edgewarm.model.objects import PoolObject
from edgewarm.model.policy import Mode, WarmedNode, Warming
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


FETCH = {CPU: 0.01, MEMORY: float(64 * 2**20)}


def fetch(name: str, progress: PullProgress = ON_ITS_WAY) -> Pod:
    return replace(pod(name, pulling=None), owner=pod(name).owner, node="", fetching=replace(progress, size=int(GB)))


@pytest.mark.parametrize(
    ("progress", "storage", "turns"),
    [
        pytest.param(ON_ITS_WAY, 1.5 * GB, 1.0, id="on its way: a turn, and its bytes"),
        pytest.param(PullProgress(1, 0, "ImagePullBackOff"), 1.5 * GB, 2.0, id="in trouble: its bytes"),
        pytest.param(PullProgress(1, 1, ended_at=NOW), 1.5 * GB, 2.0, id="at its end: its bytes"),
    ],
)
def test_a_fetch_takes_turns_and_bytes_from_pulls(progress: PullProgress, storage: float, turns: float) -> None:
    """Of 1.5 GB, and of two turns; then a pull of 1 GB and two of nothing ask for theirs."""
    seen = view(fetch("f", progress), settings=PoolSettings(limits={STORAGE: storage, PULLS: 2.0}))
    assert "storage" in refused(seen, size=GB)
    ration = PullRation()
    answers = [str(ration.refusal(seen, ask(node), NOW)) for node in ("n00", "n01", "n02")]
    assert [("concurrentPulls" in one) for one in answers] == [n >= turns for n in range(3)]


def test_pulls_take_turns_from_fetches_which_have_no_node() -> None:
    wanted = replace(ask(""), what="data table", size=GB, fetch=FETCH)
    assert str(PullRation().refusal(view(*TEN[:9]), wanted, NOW)) == ""
    assert str(PullRation().refusal(view(*TEN), wanted, NOW)) == (
        "data table of shop/web: spec.budgets.concurrentPulls has 0 left and 1 is asked: 1 short; "
        "raise spec.budgets.concurrentPulls by 1"
    )
    assert refused(view(unseen=frozenset({"x"})), "") == "what was written last is not seen yet"


def test_a_fetch_runs_where_its_claim_is_and_not_where_the_workload_would() -> None:
    wanted = replace(ask(""), workload=workload(constraints=Constraints(node_terms=(NodeTerm(),))))
    assert "node affinity" in str(PullRation().refusal(view(), wanted, NOW))
    assert PullRation().refusal(view(), replace(wanted, fetch=FETCH), NOW) == ""


def test_what_is_pulled_in_one_pool_takes_no_turn_in_another() -> None:
    seen = view(*TEN)
    other = replace(ITEM, key=Key("shop", "other"), uid="other", policy=replace(WIDE, pool="west"))
    west = PoolObject("west", "west-uid", 1, Selector(), settings=PLAIN)
    east = replace(seen.pools["edge"], selector=Selector(labels=(("none", "such"),)))
    seen = replace(seen, policies={**seen.policies, other.key: other}, pools={"west": west, "edge": east})
    wanted = replace(ask("n20", "other", other.policy), key=other.key)
    assert str(PullRation().refusal(seen, wanted, NOW)) == ""


def test_a_node_that_is_warmed_by_hand_is_not_given_to_another() -> None:
    """Of two nodes that may be warm, one is n09."""
    by_hand = Warming(max_nodes=2, max_new_nodes=2, nodes=(WarmedNode("n09", NOW + 60.0, 1),))
    few = policy(pool="edge", warming=by_hand, mode=Mode.ACT)
    seen = replace(view(), policies={ITEM.key: replace(ITEM, policy=few)})
    ration = PullRation()
    answers = [str(ration.refusal(seen, ask(node, found=few), NOW)) for node in ("n00", "n01", "n09")]
    assert (answers[0], answers[2]) == ("", "")
    assert "spec.warming of shop/web allows no more nodes" in answers[1]


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
