"""Which nodes are silent, whose pods are heard of, and which came back."""

from __future__ import annotations

import pytest

from edgewarm.model.workload import Node
from edgewarm.pools.silence import GRACE_SECONDS, heard, is_silent, returned
from support.builders import NOW
from support.warm import node, standby

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("one", "silent"),
    [
        pytest.param(node(), False, id="ready"),
        pytest.param(node(ready=False, ready_changed_at=NOW - GRACE_SECONDS + 1), False, id="not ready since just now"),
        pytest.param(node(ready=False, ready_changed_at=NOW - GRACE_SECONDS), True, id="for longer"),
        pytest.param(node(ready=False), True, id="nobody knows since when"),
        pytest.param(node(schedulable=False), False, id="cordoned: what runs there runs"),
        pytest.param(None, False, id="gone"),
    ],
)
def test_a_node_is_silent(one: Node | None, silent: bool) -> None:
    assert is_silent(one, NOW) is silent
    mine = standby("s1")
    assert heard([mine], {} if one is None else {one.name: one}, NOW) == (() if silent else (mine,))


@pytest.mark.parametrize(
    ("one", "back"),
    [
        pytest.param(node(ready_changed_at=NOW - 10), True, id="its node became ready after it was made"),
        pytest.param(node(ready_changed_at=NOW - 900), False, id="before"),
        pytest.param(node(ready=False, ready_changed_at=NOW - 10), False, id="it is not ready now"),
        pytest.param(node("node-2", ready_changed_at=NOW - 10), False, id="another node"),
    ],
)
def test_it_came_back(one: Node, back: bool) -> None:
    mine = standby("s1", created_at=NOW - 60)
    assert returned([mine], {one.name: one}) == ({mine.uid} if back else set())
