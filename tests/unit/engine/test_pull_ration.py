"""Pulls are rationed over all policies: one a node, ten a pool, none before a pod that starts, none on a stale view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.pull_ration import PullRation
from edgewarm.model.identity import Key
from edgewarm.model.pulls import PullProgress
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Owner, Pod
from support.builders import NOW, policy_object

pytestmark = pytest.mark.unit

ITEM = policy_object()
POOL = [f"n{number}" for number in range(30)]
ON_ITS_WAY = PullProgress(1, 0, node="n0")


def pod(name: str, node: str = "n0", pulling: PullProgress | None = ON_ITS_WAY, age: float = 30.0) -> Pod:
    owner = Owner("WarmingPolicy", ITEM.key.name, ITEM.uid) if pulling else None
    found = replace(pulling, node=node) if pulling else None
    return Pod(Key("shop", name), name, {}, node, "Pending", NOW - age, None, False, owner=owner, pulling=found)


def view(*pods: Pod, **more: Any) -> ClusterView:
    mine = {one.key: one for one in pods if one.owner is not None}
    everything = {one.key: one for one in pods}
    return ClusterView({ITEM.key: ITEM}, pods=everything, owned={ITEM.uid: mine}, **more)


def refused(seen: ClusterView, node: str = "n0") -> str | None:
    return PullRation().refusal(seen, "another policy", node, POOL, NOW)


TEN = [pod(f"p{number}", f"n{number}") for number in range(10)]


@pytest.mark.parametrize(
    ("seen", "node", "why"),
    [
        pytest.param(view(), "n0", None, id="nothing is under way"),
        pytest.param(view(pod("a")), "n0", "another image is being pulled there", id="one a node"),
        pytest.param(view(pod("a")), "n1", None, id="another node"),
        pytest.param(view(*TEN), "n20", "10 pulls are under way", id="ten a pool"),
        pytest.param(view(*TEN[:9]), "n20", None, id="nine of ten"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 1, ended_at=NOW))), "n0", None, id="one that has ended"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 1))), "n0", None, id="one whose image is there"),
        pytest.param(view(pod("a", pulling=PullProgress(1, 0, "ErrImagePull"))), "n0", None, id="one that backs off"),
        pytest.param(view(pod("a", pulling=None)), "n0", "a pod is starting there", id="a pod of others starts"),
        pytest.param(view(pod("a", pulling=None, age=700.0)), "n0", None, id="one that waits for something else"),
        pytest.param(
            view(unseen=frozenset({"x"})), "n0", "what was written last is not seen yet", id="the view is stale"
        ),
    ],
)
def test_who_may_begin_a_pull(seen: ClusterView, node: str, why: str | None) -> None:
    assert refused(seen, node) == why


def test_what_was_granted_counts_within_the_same_view_and_asking_twice_is_asking_once() -> None:
    ration, seen = PullRation(), view()
    answers = [ration.refusal(seen, "p", node, POOL, NOW) for node in (*POOL[:11], "n0")]
    assert answers == [None] * 10 + ["10 pulls are under way", None]
    assert ration.refusal(seen, "other", "n0", POOL, NOW) == "another image is being pulled there"


def test_another_view_begins_with_what_it_shows() -> None:
    ration = PullRation()
    assert ration.refusal(view(), "p", "n0", POOL, NOW) is None
    assert ration.refusal(view(), "other", "n0", POOL, NOW) is None
