"""Stages are measured by node, and lean on the fleet and on the image's size where a node has few starts."""

from __future__ import annotations

import pytest

from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.speeds import Speeds
from edgewarm.learn.stage_times import MOST_NODES, StageTimes
from edgewarm.model.stages import Pull, PullOf, Stage

pytestmark = pytest.mark.unit

MB = 1_000_000


def images(*starts: tuple[str, float], size: float | None = None) -> StageTimes:
    """Starts on nodes whose pull took so long."""
    found = StageTimes()
    for node, seconds in starts:
        found = found.add(node, {Stage.IMAGE: seconds}, size)
    return found


def pulled(node: str, size: int, moving: float) -> Pull:
    return Pull("u", node, "web", PullOf.CONTAINER, moving, moving, size)


def speeds(**bytes_per_second: float) -> Speeds:
    found = Speeds()
    for node, speed in bytes_per_second.items():
        found = found.add(pulled(node, 10 * MB, 10 * MB / speed))
    return found


SLOW_AND_FAST = (("slow", 50.0), ("slow", 60.0), ("slow", 70.0), ("fast", 5.0), ("fast", 6.0))


@pytest.mark.parametrize(
    ("times", "node", "p50", "p90"),
    [
        pytest.param(images(), "", None, None, id="nothing measured, no size"),
        pytest.param(images(*SLOW_AND_FAST), "slow", 60.0, 70.0, id="three starts of its own"),
        # all: 5 6 50 60 70, p50 the third, p90 the last; the node's own 6 and 6 are shorter
        pytest.param(images(*SLOW_AND_FAST), "fast", 50.0, 70.0, id="two of its own: those of all nodes"),
        pytest.param(images(*SLOW_AND_FAST), "new", 50.0, 70.0, id="none of its own: those of all nodes"),
        pytest.param(images(*SLOW_AND_FAST), "", 50.0, 70.0, id="any node"),
        pytest.param(images(("new", 90.0), ("fast", 5.0)), "new", 90.0, 90.0, id="one start, longer than the others"),
    ],
)
def test_a_node_with_few_starts_leans_on_all(
    times: StageTimes, node: str, p50: float | None, p90: float | None
) -> None:
    assert (times.quantile(Stage.IMAGE, 0.5, node=node), times.quantile(Stage.IMAGE, 0.9, node=node)) == (p50, p90)


@pytest.mark.parametrize(
    ("times", "node", "seconds"),
    [
        pytest.param(StageTimes(image_bytes=80 * MB), "fast", 8.0, id="80 MB at 10 MB/s"),
        pytest.param(StageTimes(image_bytes=80 * MB), "slow", 80.0, id="80 MB at 1 MB/s"),
        pytest.param(StageTimes(image_bytes=80 * MB), "new", 80.0, id="a node of unknown speed: the slowest, at p90"),
        pytest.param(images(("fast", 5.0), size=80 * MB), "slow", 80.0, id="the size says more than another node"),
        pytest.param(images(("slow", 95.0), size=80 * MB), "slow", 95.0, id="its own start was longer"),
    ],
)
def test_an_images_size_and_a_nodes_speed_are_the_prior(times: StageTimes, node: str, seconds: float) -> None:
    known = speeds(fast=10 * MB, slow=1 * MB)
    assert times.quantile(Stage.IMAGE, 0.9, known, node) == pytest.approx(seconds)


def test_what_was_there_already_is_counted_and_not_timed() -> None:
    times = images(("n", 40.0), ("n", 0.0), ("n", 0.0), ("n", 0.0))
    assert times.quantile(Stage.IMAGE, 0.5) == 40.0
    assert (times.whole[Stage.IMAGE].starts, times.warm[Stage.IMAGE]) == (1, 3)


def test_a_stage_that_takes_no_time_is_measured_all_the_same() -> None:
    times = StageTimes().add("n", {Stage.READY: 0.0})
    assert times.quantiles(0.9) == {Stage.READY: 0.0}


def test_a_node_found_at_once_says_nothing_of_the_time_that_room_takes() -> None:
    """A placeholder was pushed out within a second or two; else the rung would measure its own success."""
    times = StageTimes()
    for seconds in (0.0, 2.0, 60.0):
        times = times.add("n", {Stage.SCHEDULING: seconds})
    assert (times.quantile(Stage.SCHEDULING, 0.5), times.warm) == (60.0, {Stage.SCHEDULING: 2})


def test_the_node_measured_longest_ago_is_forgotten_first() -> None:
    times = images(("first", 1.0), *((f"n{number}", 1.0) for number in range(MOST_NODES - 1)), ("first", 2.0))
    times = times.add("late", {Stage.IMAGE: 1.0})
    assert len(times.nodes[Stage.IMAGE]) == MOST_NODES
    assert "first" in times.nodes[Stage.IMAGE]
    assert "n0" not in times.nodes[Stage.IMAGE]


def test_what_an_earlier_life_measured_counts_until_three_starts() -> None:
    restored = {"n": LeadTimes((), 7, (20.0, 60.0))}
    times = StageTimes({Stage.IMAGE: LeadTimes((), 9, (30.0, 90.0))}, {Stage.IMAGE: restored})
    assert times.quantile(Stage.IMAGE, 0.9, node="n") == 60.0
    assert times.quantile(Stage.IMAGE, 0.9, node="other") == 90.0
    for _ in range(3):
        times = times.add("n", {Stage.IMAGE: 10.0})
    assert times.quantile(Stage.IMAGE, 0.9, node="n") == 10.0


@pytest.mark.parametrize(
    "pull",
    [
        pytest.param(pulled("n", 999_999, 1.0), id="too small for a rate"),
        pytest.param(pulled("n", 10 * MB, 0.0), id="in no time"),
        pytest.param(Pull("u", "n", "web", PullOf.CONTAINER), id="already present"),
    ],
)
def test_a_pull_that_tells_no_rate_does_not_count(pull: Pull) -> None:
    assert Speeds().add(pull) == Speeds()


def test_a_time_at_p90_is_that_of_the_slow_pulls() -> None:
    found = Speeds()
    for speed in range(1, 12):  # 1 to 11 MB/s: ceil(.9 x 10) = 9, the second slowest
        found = found.add(pulled("n", 11 * MB, 11.0 / speed))
    assert found.seconds(60 * MB, 0.9, "n") == pytest.approx(30.0)
    assert found.seconds(60 * MB, 0.5, "n") == pytest.approx(10.0)
