"""From what was observed to a verdict: which numbers the rules see, and what the shadow does on the same demand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.decide.situation import Change, Recommendation
from edgewarm.engine.book import Pacing, Shadow
from edgewarm.engine.judge import Evidence, capacity_now, censored, judge, lead_seconds, paced, shadowed
from edgewarm.learn.capacity import Capacity
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.model.policy import Mode, Pace, Schedule, Select, Strategy
from edgewarm.model.reasons import Reason
from support.builders import NOW, book, judgement, moment, outlook, policy, reading, workload

pytestmark = pytest.mark.unit

OBSERVE = policy(mode=Mode.OBSERVE)


@pytest.mark.parametrize(
    ("lead", "seconds"),
    [
        pytest.param(LeadTimes(), 300.0, id="the default until one is measured"),
        pytest.param(LeadTimes((62.0,), 1), 62.0, id="measured"),
        pytest.param(LeadTimes((), 41, (20.0, 62.0)), 62.0, id="measured before a restart"),
        pytest.param(LeadTimes((0.0, 0.0), 2), 0.0, id="ready within the second of its creation"),
    ],
)
def test_lead_time_is_measured_or_the_default(lead: LeadTimes, seconds: float) -> None:
    assert lead_seconds(book(lead=lead), policy()) == seconds


@pytest.mark.parametrize("mode", [Mode.ACT, Mode.RECOMMEND])
def test_what_is_acted_on_is_the_cluster(mode: Mode) -> None:
    kept = book(policy=policy(mode=mode), own=Capacity(9, 9))
    assert capacity_now(kept, kept.policy, workload(replicas=4, ready=3), NOW) == Capacity(4, 3)


def test_in_observe_the_plan_is_simulated() -> None:
    kept = book(policy=OBSERVE, own=Capacity(4, 4).follow(NOW, 7, 60.0))
    assert capacity_now(kept, OBSERVE, workload(), NOW + 59).ready == 4
    assert capacity_now(kept, OBSERVE, workload(), NOW + 60).ready == 7


def test_the_simulation_begins_where_the_workload_is() -> None:
    kept = book(policy=OBSERVE, lead=LeadTimes((62.0,), 1))
    begun = capacity_now(kept, OBSERVE, workload(replicas=5, ready=2), NOW)
    assert (begun.planned, begun.ready, begun.at(NOW + 62).ready) == (5, 2, 5)


def test_the_situation_is_what_the_book_and_the_world_say() -> None:
    pacing = Pacing((Recommendation(NOW - 1, 3),), (Change(NOW - 2, 1),))
    kept = book(pacing=pacing, blind_since=NOW - 9)
    found = judge(
        kept.policy, kept, workload(replicas=4, ready=3), Evidence(reading(90.0), outlook(60.0), True), moment()
    )
    around = found.situation
    assert (around.current, around.ready, around.demand, around.now) == (4, 3, 90.0, NOW)
    assert (around.recommendations, around.changes, around.blind_since) == (
        *[pacing.recommendations, pacing.changes],
        NOW - 9,
    )
    assert (around.learning, around.lead_seconds) == (True, 315.0)  # the lead time and one pass of 15 s
    assert (found.need, found.lead_seconds) == (2, 300.0)  # ceil(90 / 50)


def test_need_is_unknown_while_blind() -> None:
    found = judgement(None)
    assert (found.need, found.verdict.reason) == (None, Reason.BLIND)


def test_the_shadow_is_the_reactive_answer_on_the_same_demand() -> None:
    # 4 planned: 170 / 200 = 85 % is above 80 %, so ceil(170 / (50 x .8) = 4.25) = 5
    found = judgement(170.0, outlook=outlook(900.0))
    assert found.verdict.wanted == 8  # the forecast asks for 18, behavior allows 8
    shadow = shadowed(found, Shadow(Capacity(4, 4)), NOW)
    capacity = shadow.capacity
    assert (capacity.planned, capacity.ready, capacity.at(NOW + 300).ready) == (5, 4, 5)
    assert shadow.pacing == Pacing((Recommendation(NOW, 5),), (Change(NOW, 1),))


def test_the_shadow_knows_no_schedule() -> None:
    always = policy(schedules=(Schedule("s", "UTC", "0 0 * * *", "59 23 * * *", low=9),))
    found = judgement(90.0, book=book(policy=always))
    assert found.verdict.wanted == 8  # 9 are asked for, behavior allows 8
    assert shadowed(found, Shadow(Capacity(4, 4)), NOW).capacity == Capacity(4, 4)  # 90 / 200 is within the band


def test_the_shadow_falls_after_its_own_window() -> None:
    found = judgement(10.0)  # 10 / 200 = 5 %: ceil(10 / 40) = 1
    shadow = shadowed(found, Shadow(Capacity(4, 4), Pacing((Recommendation(NOW - 299, 4),))), NOW)
    assert shadow.capacity == Capacity(4, 4)
    later = replace(found, situation=replace(found.situation, now=NOW + 2))
    assert shadowed(later, shadow, NOW + 2).capacity == Capacity(1, 1)


def test_the_shadow_is_the_same_whatever_the_strategy() -> None:
    answers = {
        shadowed(judgement(170.0, book=book(policy=policy(strategy=strategy))), Shadow(Capacity(4, 4)), NOW)
        for strategy in Strategy
    }
    assert len(answers) == 1


def test_pacing_remembers_recommendations_for_the_longer_window() -> None:
    slow = policy(scale_up=Pace(600.0, Select.MAX, ()))
    old = Pacing((Recommendation(NOW - 601, 9), Recommendation(NOW - 599, 8)))
    kept = book(policy=slow, pacing=old)
    found = judgement(90.0, book=kept)
    assert paced(kept, found, NOW).recommendations == (Recommendation(NOW - 599, 8), Recommendation(NOW, 2))


@pytest.mark.parametrize(
    ("demand", "ready", "cut_off"),
    [
        pytest.param(200.0, 4, True, id="200 is all of 4 x 50"),
        pytest.param(199.0, 4, False, id="199 is less"),
        pytest.param(None, 4, False, id="unknown is not censored"),
        pytest.param(200.0, 0, False, id="no pod served it"),
    ],
)
def test_censored_is_about_the_pods_that_really_serve(demand: float | None, ready: int, cut_off: bool) -> None:
    assert censored(50.0, workload(ready=ready), reading(demand)) is cut_off
    assert censored(50.0, None, reading(demand)) is False


def test_whoever_begins_to_decide_begins_with_the_count_that_is_there() -> None:
    begun = Pacing().begun(NOW, 4, 300.0)
    assert begun.recommendations == (Recommendation(NOW, 4),)
    assert begun.begun(NOW + 299, 9, 300.0) == begun
    again = begun.begun(NOW + 301, 9, 300.0)  # after a gap: the count that is there then, beside what was wanted before
    assert again.recommendations == (Recommendation(NOW, 4), Recommendation(NOW + 301, 9))
