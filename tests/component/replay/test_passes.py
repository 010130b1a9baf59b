"""The operator's own engine over recorded time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import structlog

from edgewarm.cli.replaying import quiet_engine, told
from edgewarm.model.policy import Bounds, Policy, Schedule
from edgewarm.replay.costs import costs
from edgewarm.replay.passes import Rhythm, replayed
from edgewarm.replay.peers import oracle
from edgewarm.replay.scene import Scene
from edgewarm.replay.simulate import Course, followed
from edgewarm.replay.starts import Starts
from support.builders import policy
from support.scenes import scene, waves

pytestmark = pytest.mark.component
STEP = 300.0
DAY = 288


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with quiet_engine():
        yield


def world(demand: np.ndarray, begin: int = 2 * DAY + 72, end: int = 2 * DAY + 132, **overrides: object) -> Scene:  # type: ignore[type-arg]
    """Two days and six hours of training, five hours that contain the morning."""
    plain: dict[str, object] = {"starts": Starts(600.0), "bounds": Bounds(1, 100)}
    return scene(demand[:end], begin, **(plain | {"step_seconds": STEP} | overrides))


async def ours(where: Scene, **overrides: object) -> Course:
    asked: Policy = policy(capacity_per_pod=where.capacity, bounds=where.bounds, **overrides)
    return await replayed(where, asked, Rhythm.of(where.step_seconds))


async def test_it_warms_before_a_rise_that_it_has_seen_on_other_days() -> None:
    where = world(waves(3, pods=20.0))
    found = await ours(where)

    (cost,) = costs(where, found)
    late = costs(where, followed(where, np.ceil(where.load).astype(np.int64)[:, None]))[0]

    assert cost.short < late.short
    assert cost.total(10.0) >= costs(where, oracle.course(where, 10.0))[0].total(10.0)


async def test_what_is_ready_follows_from_what_was_wanted_by_the_simulators_rules() -> None:
    where = scene(waves(1, pods=20.0)[:600], 440, starts=Starts(120.0), bounds=Bounds(1, 100))
    found = await ours(where)

    wanted = np.concatenate([np.full((where.begin, 1), found.ready[where.begin]), found.wanted[where.begin :]])

    assert np.array_equal(followed(where, wanted).ready[where.begin :], found.ready[where.begin :])


async def test_wanted_does_not_depend_on_the_row_it_stands_in_nor_on_later_ones() -> None:
    demand = waves(3, pods=20.0)
    changed, row = demand.copy(), 2 * DAY + 100
    changed[row:] *= 3

    one, other = await ours(world(demand)), await ours(world(changed))

    assert np.array_equal(one.wanted[: row + 1], other.wanted[: row + 1])
    assert not np.array_equal(one.wanted[row + 1 :], other.wanted[row + 1 :])


async def test_the_same_replay_gives_the_same_course() -> None:
    where = world(waves(3, pods=20.0), starts=Starts(600.0, sigma=0.5))

    assert np.array_equal((await ours(where)).ready, (await ours(where)).ready)


async def test_a_dearer_shortage_is_met_by_more_pods() -> None:
    where = world(waves(3, pods=20.0))

    few, many = [costs(where, await ours(where, kappa=kappa))[0] for kappa in (1.0, 50.0)]

    assert few.held < many.held
    assert few.short > many.short


async def test_a_jump_is_followed_within_a_step_as_far_as_behavior_allows() -> None:
    demand = np.concatenate([np.full(500, 1.5), np.full(20, 29.5)])
    where = scene(demand, 480, starts=Starts(120.0), bounds=Bounds(1, 100))

    found = await ours(where)

    jump = 501  # a row knows the row before
    assert found.wanted[jump - 1, 0] <= 3
    assert found.wanted[jump, 0] >= 30  # 2 -> 6 -> 12 -> 24 -> 30 and more: four pods or twice as many every 15 s
    assert found.ready[jump + 2, 0] == found.wanted[jump, 0]


async def test_gaps_are_held_through() -> None:
    demand = waves(3, pods=20.0)
    gap = slice(2 * DAY + 90, 2 * DAY + 100)
    demand[gap] = np.nan

    found = await ours(world(demand))

    held = found.wanted[gap.start + 1 : gap.stop + 1, 0]
    assert (np.diff(held) >= 0).all()
    assert held.min() > 1


async def test_a_schedule_of_the_policy_acts() -> None:
    early = Schedule("early", "UTC", "0 7 * * *", "0 8 * * *", low=60)
    where = world(waves(3, pods=20.0))

    found = await ours(where, schedules=(early,))

    seven, eight = 2 * DAY + 84, 2 * DAY + 96
    assert (found.ready[seven:eight] >= 60).all()  # ready when it opens, not ten minutes later
    assert found.wanted[eight + 12, 0] < 60


async def test_it_plans_with_the_operators_pass_of_15_s_though_it_is_asked_once_a_minute() -> None:
    eight = Schedule("eight", "UTC", "0 8 * * *", "0 9 * * *", low=4)
    where = scene(np.full(490, 1.5), 470, starts=Starts(120.0), bounds=Bounds(1, 100))

    found = await ours(where, schedules=(eight,), prediction_horizon_seconds=120.0)

    opens = 8 * 60
    assert found.wanted[opens - 3, 0] < 4  # 180 s before: not yet due
    assert found.wanted[opens - 2, 0] == 4  # 120 s before; 120 + 15 are allowed for


def test_a_bug_of_the_engine_is_no_result() -> None:
    def replay_with_a_bug() -> None:
        log = structlog.get_logger()
        with quiet_engine():
            log.info("nobody hears this")
            try:
                _ = 1 / 0
            except ZeroDivisionError:
                log.exception("a pass failed")

    with pytest.raises(RuntimeError, match=r"1 errors, the first: a pass failed\n(.|\n)*ZeroDivisionError"):
        replay_with_a_bug()


@pytest.mark.parametrize(("passes", "lines"), [(1999, 0), (2000, 10)], ids=["short", "long"])
def test_a_long_replay_tells_of_each_tenth_and_a_short_one_of_nothing(passes: int, lines: int) -> None:
    said = list[str]()
    progress = told(said.append, "edgewarm, kappa 10")
    for done in range(passes):
        progress(done + 1, passes)
    assert said == [f"edgewarm, kappa 10: {10 * tenth} % of {passes} passes" for tenth in range(1, lines + 1)]


async def test_progress_counts_passes_as_a_long_step_has_many() -> None:
    """60 rows of five minutes, a pass a minute: 300."""
    where, found = world(waves(3)), list[tuple[int, int]]()

    await replayed(
        where, policy(capacity_per_pod=1.0), Rhythm.of(STEP), lambda done, total: found.append((done, total))
    )

    assert found == [(250, 300), (300, 300)]
