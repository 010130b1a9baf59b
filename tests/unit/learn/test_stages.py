"""Stages of one start by the times that the pod tells. The plain start, in seconds after the pod's creation:

scheduled 2, acknowledged 3, sandbox 5, initialized 3 (no init containers), runs 25, Ready 40; its pull took 18.5.
    Scheduling = 2 - 0 = 2    Image = 18.5    Start = (25 - 3) - 18.5 = 3.5    Ready = 40 - 25 = 15
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.learn.stages import stage_seconds
from edgewarm.model.stages import Milestones, Pull, PullOf, Stage

pytestmark = pytest.mark.unit

WEB = "docker.io/library/web:1"
SEEN = Milestones(2.0, 3.0, 5.0, 3.0, 25.0, frozenset({WEB}))
PULL = Pull("u1", "n1", "web:1", PullOf.CONTAINER, 18.5, 18.0, 100_000_000)
PRESENT = Pull("u1", "n1", "web:1", PullOf.CONTAINER)
PLAIN = {Stage.SCHEDULING: 2.0, Stage.IMAGE: 18.5, Stage.DATA: 0.0, Stage.START: 3.5, Stage.READY: 15.0}
NO_NODE = {Stage.SCHEDULING: 2.0, Stage.READY: 15.0}


def stages(*pulls: Pull, ready_at: float = 40.0, **seen: Any) -> dict[Stage, float]:
    return dict(stage_seconds(0.0, ready_at, replace(SEEN, **seen), pulls))


def shifted(seconds: float) -> dict[str, float]:
    """The node's own times by another clock."""
    names = ("acknowledged_at", "sandbox_at", "initialized_at", "started_at")
    return {name: getattr(SEEN, name) + seconds for name in names}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(stages(PULL), PLAIN, id="the plain start"),
        pytest.param(stages(PRESENT), PLAIN | {Stage.IMAGE: 0.0, Stage.START: 22.0}, id="already present is 0"),
        pytest.param(stages(), NO_NODE, id="no Event of the pull: the span cannot be shared out"),
        pytest.param(
            stages(PULL, images=frozenset({WEB, "docker.io/library/proxy:1"})), NO_NODE, id="one of two pulls untold"
        ),
        pytest.param(stages(PULL, started_at=None), {Stage.SCHEDULING: 2.0}, id="a container ran twice"),
        pytest.param(
            stages(PULL, scheduled_at=None), {k: v for k, v in PLAIN.items() if k != "Scheduling"}, id="no time"
        ),
        pytest.param(
            stages(replace(PULL, seconds=23.0)), PLAIN | {Stage.IMAGE: 23.0, Stage.START: 0.0}, id="cut times"
        ),
        pytest.param(stages(replace(PULL, seconds=24.0)), NO_NODE, id="a pull longer than its span by two seconds"),
        pytest.param(stages(PULL, ready_at=24.0), PLAIN | {Stage.READY: 0.0}, id="Ready a cut second before it ran"),
        pytest.param(
            stages(PULL, ready_at=23.0), {k: v for k, v in PLAIN.items() if k != "Ready"}, id="Ready before it ran"
        ),
        pytest.param(
            stages(PULL, **shifted(3600), ready_at=3640.0), PLAIN, id="a node an hour ahead measures the same"
        ),
        pytest.param(
            stages(PULL, **shifted(-3600), ready_at=-3560.0), PLAIN, id="a node an hour behind measures the same"
        ),
    ],
)
def test_every_stage_is_told_by_one_clock(found: dict[Stage, float], expected: dict[Stage, float]) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("found", "data", "start"),
    [
        # it mounts data: sandbox 5 - acknowledged 3 = 2, start 22 - 18.5 - 2
        pytest.param(stages(PULL, fills=True), 2.0, 1.5, id="a volume that is attached"),
        # an image volume of 1 s on top: data 2 + 1, start 22 - 18.5 - 3
        pytest.param(
            stages(PULL, Pull("u1", "n1", "data:1", PullOf.VOLUME, 1.0, 1.0, 9), fills=True),
            3.0,
            0.5,
            id="image volume",
        ),
        # init containers until 15, which pulled for 4: data 15 - 5 - 4 = 6, image 18.5 - 10 + 4 = 12.5
        pytest.param(
            stages(
                replace(PULL, seconds=8.5),
                replace(PULL, of=PullOf.INIT, seconds=4.0),
                initialized_at=15.0,
                init_fills=True,
            ),
            6.0,
            3.5,
            id="init containers that fill the data",
        ),
        pytest.param(
            stages(PULL, initialized_at=6.0), 0.0, 3.5, id="init containers without data are part of the start"
        ),
    ],
)
def test_data_is_what_mounts_and_fills_it(found: dict[Stage, float], data: float, start: float) -> None:
    assert (found[Stage.DATA], found[Stage.START]) == (data, start)


def test_stages_on_the_node_add_up_to_the_time_there() -> None:
    found = stages(PULL, fills=True)
    on_node = (Stage.IMAGE, Stage.DATA, Stage.START, Stage.READY)
    assert sum(found[stage] for stage in on_node) == 40.0 - 3.0
