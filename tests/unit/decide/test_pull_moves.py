"""One node's images: the state table, row by row. The rung's ttl is 1800 s, kubelets have told all after 600 s."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide.pull_moves import NodePlan, PullMove, PullSeen, all_listed, node_plan
from edgewarm.model.pulls import PullProgress

pytestmark = pytest.mark.unit

NOW = 10_000.0
KEY = "k"


def pod(pulled: int, age: float = 30.0, ended: float | None = None, key: str = KEY, trouble: str = "") -> PullSeen:
    """A pod for two images, made `age` ago, ended `ended` ago."""
    at = None if ended is None else NOW - ended
    return PullSeen(PullProgress(2, pulled, trouble, bool(trouble), at, "n", key), NOW - age)


DONE = pod(2, age=100.0, ended=60.0)
OLD = pod(2, age=2000.0, ended=1900.0)
SETTLED = pod(2, age=800.0, ended=700.0)


def plan(wanted: bool, seen: PullSeen | None, listed: bool | None) -> NodePlan:
    return node_plan(wanted, seen, listed, KEY, 1800.0, NOW)


WARM = {"warm": True, "held": True}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(plan(True, None, True), WARM, id="there already"),
        pytest.param(plan(True, None, False), {"move": PullMove.PULL}, id="not there"),
        pytest.param(plan(True, None, None), {"move": PullMove.PULL}, id="a full list may have left it out"),
        pytest.param(plan(True, pod(1), False), {"warming": True, "held": True}, id="on its way"),
        pytest.param(plan(True, pod(1), True), {**WARM, "warming": True}, id="listed before the pod has ended"),
        pytest.param(plan(True, pod(1, trouble="ErrImagePull"), False), {"held": True}, id="the kubelet tries again"),
        pytest.param(plan(True, DONE, False), WARM, id="done, and the node will tell soon"),
        pytest.param(plan(True, SETTLED, True), WARM, id="done and told"),
        pytest.param(plan(True, SETTLED, None), WARM, id="done, and the list is full"),
        pytest.param(
            plan(True, SETTLED, False), {"move": PullMove.REMOVE, "why": "the node has lost the image"}, id="collected"
        ),
        pytest.param(
            plan(True, pod(1, ended=60.0, trouble="Evicted"), False), {"held": True}, id="ended early, lately"
        ),
        pytest.param(
            plan(True, pod(1, 900.0, 700.0, trouble="Evicted"), False),
            {"move": PullMove.REMOVE, "why": "Evicted"},
            id="ended early, a while ago: again",
        ),
        pytest.param(
            plan(True, pod(2, key="before"), True),
            {**WARM, "move": PullMove.REMOVE, "why": "the workload has other images now"},
            id="made for other images",
        ),
        pytest.param(plan(False, None, True), WARM, id="not wanted, and there by itself"),
        pytest.param(plan(False, None, False), {}, id="not wanted and not there"),
        pytest.param(
            plan(False, pod(1), False),
            {"move": PullMove.REMOVE, "why": "no pod is expected there any more"},
            id="not wanted any more, on its way",
        ),
        pytest.param(plan(False, DONE, True), WARM, id="not wanted any more, within its time"),
        pytest.param(
            plan(False, OLD, True),
            {**WARM, "move": PullMove.REMOVE, "why": "no pod has been expected there for a while"},
            id="not wanted any more, past its time",
        ),
        pytest.param(plan(True, OLD, True), WARM, id="wanted: no time is too long"),
    ],
)
def test_every_row_of_the_table(found: NodePlan, expected: dict[str, Any]) -> None:
    assert found == NodePlan(**expected)


@pytest.mark.parametrize(
    ("answers", "whole"),
    [([True, True], True), ([True, False], False), ([True, None], None), ([None, False], False), ([], True)],
)
def test_a_node_has_all_images_or_lacks_one_or_may_have_left_one_out(
    answers: list[bool | None], whole: bool | None
) -> None:
    assert all_listed(answers) is whole
