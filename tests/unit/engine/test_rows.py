"""Rows of the fleet: learning in the background, catching up, failing, changing the question, going away.

The fake demand keeps every question and answers when `gate` is open; time is in steps of a minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from edgewarm.engine.rows import RETRY_SECONDS, RowName, Rows
from edgewarm.forecast.mixture import LEVELS
from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.replay import learned
from edgewarm.model.demand import DemandRequest, History, Reading
from edgewarm.model.identity import Key, Part, SeriesKey, Split
from edgewarm.model.quantiles import Outlook

pytestmark = pytest.mark.unit

WEB, API = Key("shop", "web"), Key("shop", "api")
STEP = 60.0
MEDIAN = LEVELS.index(0.5)
FIRST = 1000 * STEP
Sample = tuple[float, bool]


def truth(query: str | None, step: int) -> float:
    """What a query has returned at any step, past and present."""
    return {"old": 10.0, "new": 900.0}.get(str(query), 100.0 + 20 * float(np.sin(step / 7)))


class FakeDemand:
    """Knows all history; `knows` can be emptied to make it fail, `gate` closed to make it slow."""

    def __init__(self) -> None:
        self.asked: list[tuple[frozenset[Key], float, float]] = []
        self.questions: list[frozenset[SeriesKey]] = []
        self.knows = {WEB, API}
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, requests: Mapping[SeriesKey, DemandRequest], now: float) -> Mapping[SeriesKey, Reading]:
        raise NotImplementedError

    async def history(
        self, requests: Mapping[SeriesKey, DemandRequest], start: float, end: float, step_seconds: float
    ) -> Mapping[SeriesKey, History]:
        self.questions.append(frozenset(requests))
        self.asked.append((frozenset(key.policy for key in requests), start, end))
        await self.gate.wait()
        steps = range(round(start / step_seconds), round(end / step_seconds) + 1)
        return {
            key: History(start, step_seconds, np.array([truth(request.query, step) for step in steps]))
            for key, request in requests.items()
            if key.policy in self.knows
        }


class World:
    """Rows, their demand and a clock; `step` is one pass in the next minute."""

    def __init__(self) -> None:
        self.demand = FakeDemand()
        self.woken = 0
        self.rows = Rows(self.demand, STEP, self._wake)
        self.now = FIRST

    def _wake(self) -> None:
        self.woken += 1

    async def settle(self) -> None:
        """Let a lesson that can end do so, and its callbacks run."""
        lesson = self.rows._lesson
        if lesson is not None and self.demand.gate.is_set():
            await asyncio.wait({lesson.task})
            await asyncio.sleep(0)

    async def run(self, *names: RowName, seconds: float = STEP, blind: bool = False) -> bool:
        """One pass `seconds` after the last one."""
        self.now += seconds
        self.rows.follow(names, self.now)
        await asyncio.sleep(0)  # the question is asked
        step = int(self.now // STEP)
        samples: dict[SeriesKey, Sample] = {n.key: (truth(n.request.query, step), False) for n in names}
        made = self.rows.observe({} if blind else samples, self.now)
        await self.settle()
        return made

    def outlook(self, key: Key = WEB) -> Outlook | None:
        return self.rows.outlook(key, self.now, 60.0)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    found = World()
    yield found
    await found.rows.close()


def name(key: Key = WEB, query: str = "wave", hours: float = 0.5) -> RowName:
    return RowName(key, DemandRequest("shop", query=query), hours * 3600.0)


def in_one_go(world: World, lesson: int) -> Outlook | None:
    """The outlook of a row that had learned all steps from the start of that lesson's history until now."""
    first, last = round(world.demand.asked[lesson][1] / STEP), int(world.now // STEP)
    past = History(first * STEP, STEP, np.array([truth("wave", step) for step in range(first, last + 1)]))
    return outlook(learned([past], first, last, STEP).forecast(), 0, STEP, world.now, 60.0)


def values(found: Outlook | None) -> tuple[Any, ...]:
    assert found is not None
    return found.lead.values, found.hold.values, [q.values for _, q in found.horizons]


async def test_a_new_policy_learns_and_then_knows(world: World) -> None:
    await world.run(name())
    assert (world.rows.learning(WEB), world.outlook()) == (True, None)
    assert world.woken == 1  # the engine is told that there is news
    await world.run(name())
    assert not world.rows.learning(WEB)
    assert 70 < values(world.outlook())[0][MEDIAN] < 130


async def test_the_whole_window_up_to_the_last_full_step_is_asked_for(world: World) -> None:
    await world.run(name(hours=2))
    ((keys, start, end),) = world.demand.asked
    assert (keys, end) == (frozenset({WEB}), FIRST)  # it is step 1001 now
    assert (end - start) / STEP == 119  # 120 steps


async def test_a_slow_history_holds_up_nobody_and_misses_nothing(world: World) -> None:
    world.demand.gate.clear()
    for _ in range(20):
        await world.run(name())
        assert world.rows.learning(WEB)
    world.demand.gate.set()
    await world.settle()
    await world.run(name())
    assert values(world.outlook()) == values(in_one_go(world, 0))


async def test_what_was_blind_meanwhile_stays_unknown(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name())
    for _ in range(5):
        await world.run(name(), blind=True)
    world.demand.gate.set()
    await world.settle()
    await world.run(name())
    assert world.outlook() is not None


async def test_one_that_joins_later_is_as_if_it_had_been_there(world: World) -> None:
    for _ in range(3):
        await world.run(name())
    for _ in range(4):
        await world.run(name(), name(API))
    assert [keys for keys, _, _ in world.demand.asked] == [frozenset({WEB}), frozenset({API})]
    assert values(world.outlook(API)) == values(in_one_go(world, 1))
    assert values(world.outlook(WEB)) == values(in_one_go(world, 0))


async def test_the_forecast_of_a_row_and_why_it_is_so(world: World) -> None:
    await world.run(name())
    assert (world.rows.forecast(WEB), world.rows.explained(WEB)) == (None, None)
    for _ in range(4):
        await world.run(name(), name(API, "old"))
    found, why = world.rows.forecast(API), world.rows.explained(API)
    assert found is not None
    assert why is not None
    assert found.at_ahead.shape[0] == 1
    assert found.at_ahead[0, :, MEDIAN] == pytest.approx(10.0, rel=1e-6)  # "old" returns 10 at any time
    assert why.at_ahead.sum(axis=-1) == pytest.approx(found.at_ahead[0], rel=1e-6)
    assert world.rows.explained(Key("shop", "unknown")) is None


async def test_only_the_first_pass_of_a_step_makes_a_model_step(world: World) -> None:
    assert [await world.run(name(), seconds=seconds) for seconds in (0.0, 15.0, 15.0, 15.0, 15.0)] == [
        True,
        False,
        False,
        False,
        True,
    ]


async def test_a_history_that_fails_is_asked_for_again_later(world: World) -> None:
    world.demand.knows = {API}
    await world.run(name(), name(API))
    await world.run(name(), name(API), seconds=15.0)
    assert (world.rows.learning(WEB), world.rows.learning(API)) == (True, False)
    world.demand.knows = {WEB, API}
    await world.run(name(), name(API), seconds=RETRY_SECONDS - 1)
    assert len(world.demand.asked) == 1
    await world.run(name(), name(API), seconds=1.0)
    assert world.demand.asked[1][0] == frozenset({WEB})
    await world.run(name(), name(API), seconds=15.0)
    assert not world.rows.learning(WEB)


async def test_no_answer_at_all_is_asked_for_again_too(world: World) -> None:
    world.demand.knows = set()
    await world.run(name())
    world.demand.knows = {WEB}
    await world.run(name())
    await world.run(name())
    assert (len(world.demand.asked), world.rows.learning(WEB)) == (2, False)


async def test_a_changed_query_learns_anew(world: World) -> None:
    await world.run(name(query="old"))
    await world.run(name(query="old"))
    assert values(world.outlook())[0][MEDIAN] == pytest.approx(10.0)
    await world.run(name(query="new"))
    assert (world.rows.learning(WEB), world.outlook()) == (True, None)
    await world.run(name(query="new"))
    assert values(world.outlook())[0][MEDIAN] == pytest.approx(900.0)


async def test_a_query_that_changes_while_it_is_learned_is_not_mistaken_for_the_new_one(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name(query="old"))
    world.demand.gate.set()
    await world.settle()
    await world.run(name(query="new"), seconds=15.0)
    assert (world.rows.learning(WEB), world.outlook()) == (True, None)


async def test_a_policy_that_goes_takes_its_row_along(world: World) -> None:
    for _ in range(2):
        await world.run(name(), name(API))
    before = values(world.outlook(API))
    world.rows.follow([name(API)], world.now)
    assert (world.rows.learning(WEB), world.outlook()) == (True, None)
    assert values(world.outlook(API)) == before
    world.rows.follow([], world.now)
    assert world.outlook(API) is None
    await world.run()
    await world.run(name(API))


async def test_a_policy_that_goes_while_it_learns_leaves_nothing(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name())
    world.demand.gate.set()
    await world.settle()
    await world.run()
    await world.run()
    assert (world.rows.learning(WEB), world.rows._fleet.size) == (True, 0)


async def test_passes_may_pause_for_minutes_before_a_policy_joins(world: World) -> None:
    await world.run(name())
    await world.run(name())
    world.now += 5 * STEP
    world.rows.follow([name(), name(API)], world.now)
    await world.settle()  # it is learned while the demand of this pass is read
    world.rows.observe({SeriesKey(WEB): (100.0, False)}, world.now)
    assert not world.rows.learning(API)


def steps_asked(world: World) -> list[tuple[list[str], int]]:
    """Of each question, the policies and the steps."""
    return [
        (sorted(key.name for key in keys), round((end - start) / STEP) + 1) for keys, start, end in world.demand.asked
    ]


async def test_rows_with_different_windows_learn_one_class_after_the_other(world: World) -> None:
    rows = name(hours=27 / 60), name(API, hours=2), name(Key("shop", "zoo"), hours=27 / 60)
    world.demand.knows |= {rows[2].policy}
    for _ in range(3):
        await world.run(*rows)
    assert steps_asked(world) == [(["api"], 120), (["web", "zoo"], 27)]
    assert not any(world.rows.learning(row.policy) for row in rows)


async def test_no_more_is_asked_than_the_model_remembers(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name(hours=2160.0))
    assert steps_asked(world) == [(["web"], 35 * 1440)]


async def test_the_longer_the_history_the_smaller_the_class(world: World) -> None:
    """100 rows of two weeks are as much as 40 of five."""
    world.demand.gate.clear()
    await world.run(*(name(Key("shop", f"{index:03}"), hours=840.0) for index in range(100)))
    assert len(world.demand.questions[0]) == 40


async def test_a_clock_set_back_makes_the_rows_learn_anew(world: World) -> None:
    for _ in range(4):
        await world.run(name())
    with capture_logs() as logs:
        assert await world.run(name(), seconds=-7200.0)
    assert [line["steps"] for line in logs if line["log_level"] == "warning"] == [120]
    assert (world.rows.learning(WEB), world.outlook()) == (True, None)
    for _ in range(2):
        assert await world.run(name())
    assert world.demand.asked[-1][2] == FIRST + 4 * STEP - 7200.0 - STEP  # up to the last full step before it
    assert values(world.outlook()) == values(in_one_go(world, 1))


async def test_a_clock_set_back_while_a_history_is_learned_drops_what_comes_of_it(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name())
    await world.run(name(), seconds=-7200.0)
    world.demand.gate.set()
    for _ in range(3):
        await world.run(name())
    assert values(world.outlook()) == values(in_one_go(world, 1))


async def test_a_clock_set_back_by_a_few_steps_is_waited_for(world: World) -> None:
    for _ in range(4):
        await world.run(name())
    before = values(world.outlook())
    assert [await world.run(name(), seconds=seconds) for seconds in (-5 * STEP, 5 * STEP, STEP)] == [False, False, True]
    assert len(world.demand.asked) == 1
    assert values(world.outlook()) != before


async def test_closing_stops_a_lesson(world: World) -> None:
    world.demand.gate.clear()
    await world.run(name())
    lesson = world.rows._lesson
    assert lesson is not None
    await world.rows.close()
    assert lesson.task.cancelled()


async def test_each_series_of_a_policy_is_a_row_and_the_first_its_main_one(world: World) -> None:
    rows = name(), replace(name(query="new"), series="cpu")
    for _ in range(3):
        await world.run(*rows)
    assert world.rows._fleet.size == 2
    assert values(world.outlook()) == values(in_one_go(world, 0))
    cpu = world.rows.outlook(WEB, world.now, 60.0, "cpu")
    assert cpu is not None
    assert cpu.lead.values[MEDIAN] == pytest.approx(900.0, rel=0.01)
    assert world.rows.outlook(WEB, world.now, 60.0, "memory") is None


async def test_a_resource_that_is_added_learns_alone_and_the_policy_with_it(world: World) -> None:
    for _ in range(3):
        await world.run(name())
    world.demand.gate.clear()
    await world.run(name(), replace(name(query="new"), series="cpu"))
    assert (world.rows.learning(WEB), world.rows.history_seconds(WEB, world.now)) == (True, None)
    assert values(world.outlook()) == values(in_one_go(world, 0))
    world.demand.gate.set()
    await world.settle()
    await world.run(name(), replace(name(query="new"), series="cpu"))
    assert not world.rows.learning(WEB)
    known = world.rows.history_seconds(WEB, world.now)
    assert known is not None
    assert known == pytest.approx(30 * STEP, abs=3 * STEP)  # the younger of the two


async def test_a_part_of_a_demand_is_a_row_that_nobody_waits_for(world: World) -> None:
    part = replace(name(query="new"), part=Part(Split.NODE, "edge-1"))
    await world.run(name())
    await world.run(name(), part)
    assert (world.rows.learning(WEB), world.rows.outlook_of(part.key, world.now, 60.0)) == (False, None)
    await world.run(name(), part)
    found = world.rows.outlook_of(part.key, world.now, 60.0)
    assert found is not None
    assert found.lead.values[MEDIAN] == pytest.approx(900.0, rel=0.01)
    assert values(world.outlook()) == values(in_one_go(world, 0))


async def test_the_rows_of_one_policy_learn_in_one_class(world: World) -> None:
    """99 policies, then one with three resources: the third of them is row 102, and still in the first class of 100."""
    alone = [name(Key("a", f"{index:03}")) for index in range(99)]
    three = [replace(name(), series=series) for series in ("cpu", "gpu", "memory")]
    later = name(Key("z", "late"))
    await world.run(*alone, *three, later)
    assert len(world.demand.questions[0]) == 102
    assert [key.series for key in sorted(world.demand.questions[0])[-3:]] == ["cpu", "gpu", "memory"]


async def test_another_time_zone_is_learned_anew_and_its_clocks_are_followed(world: World) -> None:
    await world.run(name())
    await world.run(name())
    elsewhere = replace(name(), time_zone="Asia/Kolkata")
    await world.run(elsewhere)
    assert world.rows.learning(WEB)
    await world.run(elsewhere)
    assert not world.rows.learning(WEB)
    assert len(world.demand.asked) == 2
