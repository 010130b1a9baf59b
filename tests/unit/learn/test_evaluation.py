"""Was it right: every formula with its sum."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.learn.evaluation import Step, Tally
from edgewarm.model.decision import Outcome

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("need", "ready", "shadow", "expected"),
    [
        pytest.param(5, 7, 3, {"raised": 4, "used": 2, "idle": 2, "shadow_short": 2}, id="7 - 3, 5 - 3, 7 - 5, 5 - 3"),
        pytest.param(9, 7, 3, {"raised": 4, "used": 4, "short": 2, "shadow_short": 6}, id="all raised used, 2 short"),
        pytest.param(2, 7, 3, {"raised": 4, "idle": 5, "shadow_idle": 1}, id="raised for nothing"),
        pytest.param(5, 3, 5, {"short": 2}, id="below the shadow: nothing raised, 5 - 3 short"),
        pytest.param(4, 4, 4, {}, id="all the same"),
        pytest.param(0, 0, 0, {}, id="nothing at all"),
        pytest.param(0, 2, 1, {"raised": 1, "idle": 2, "shadow_idle": 1}, id="no demand"),
    ],
)
def test_one_minute(need: int, ready: int, shadow: int, expected: dict[str, Any]) -> None:
    assert Tally.of(Step(need, ready, shadow, 1.0)) == Tally(**expected, minutes=1.0)


LIKELY = {4: 0.9, 5: 0.7, 6: 0.3, 7: 0.1}
CERTAIN = {4: 1.0, 5: 1.0, 6: 1.0, 7: 1.0}


def test_scores_of_two_steps() -> None:
    # minute 1: need 5, ready 7, shadow 3: raised 4, used 2, idle 2, shadow short 2; .9 + .7 + .3 + .1 promised
    # half minute: need 9, ready 7, shadow 3: raised 2, used 2, short 1, shadow short 3; half of 4 promised
    total = Tally.of(Step(5, 7, 3, 1.0, LIKELY)) + Tally.of(Step(9, 7, 3, 0.5, CERTAIN))
    assert total == Tally(raised=6, used=4, short=1, idle=2, promised=4, shadow_short=5, minutes=1.5)
    assert total.precision == pytest.approx(4 / 6)
    assert total.recall == pytest.approx(4 / 5)  # used 4 of 4 + 1
    assert total.f1 == pytest.approx(2 * (4 / 6) * (4 / 5) / (4 / 6 + 4 / 5))
    assert total.kept_promise == pytest.approx(4 / (2 + 2))
    assert (total.cost(10.0), total.reactive_cost(10.0)) == (12.0, 50.0)  # 10 x 1 + 2; 10 x 5 + 0
    assert total.saving(10.0) == pytest.approx(1 - 12 / 50)


def test_a_score_without_a_divisor_is_unknown_not_zero() -> None:
    empty = Tally()
    scores = [empty.precision, empty.recall, empty.f1, empty.kept_promise, empty.saving(10.0)]
    assert scores == [None] * 5
    assert Tally(raised=2.0, idle=2.0, short=1.0).f1 is None  # precision 0, recall 0


def test_a_saving_can_be_negative() -> None:
    assert Tally(idle=6.0, shadow_idle=4.0).saving(10.0) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("tally", "outcome"),
    [
        pytest.param(Tally(), Outcome.NEUTRAL, id="nothing was raised"),
        pytest.param(Tally(idle=5.0), Outcome.NEUTRAL, id="idle as the reactive answer would have been"),
        pytest.param(Tally(raised=10.0, used=1.0), Outcome.HIT, id="11 x 1 > 10"),
        pytest.param(Tally(raised=11.0, used=1.0), Outcome.FALSE_POSITIVE, id="11 x 1 is not above 11"),
        pytest.param(Tally(raised=1.0), Outcome.FALSE_POSITIVE, id="raised and never used"),
        pytest.param(Tally(raised=10.0, used=10.0, short=0.1), Outcome.MISS, id="short, however little"),
    ],
)
def test_was_a_decision_right_at_kappa_ten(tally: Tally, outcome: Outcome) -> None:
    assert tally.outcome(10.0) is outcome


chances = st.dictionaries(st.integers(1, 50), st.floats(0, 1), max_size=5)
steps = st.builds(Step, *[st.integers(0, 50)] * 3, st.floats(0.01, 90), chances)


@given(steps, st.floats(0.1, 0.9))
def test_splitting_a_step_changes_no_sum(step: Step, share: float) -> None:
    parts = [
        Tally.of(Step(step.need, step.ready, step.shadow_ready, step.minutes * part, step.chances))
        for part in (share, 1 - share)
    ]
    assert astuple(parts[0] + parts[1]) == pytest.approx(astuple(Tally.of(step)))


@given(st.lists(steps, max_size=10))
def test_shares_stay_within_their_range(taken: list[Step]) -> None:
    total = sum(map(Tally.of, taken), Tally())
    assert total.used <= total.raised * (1 + 1e-9)
    shares = [share for share in (total.precision, total.recall, total.f1) if share is not None]
    assert all(0 <= share <= 1 + 1e-9 for share in shares)


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.1, 50))
def test_doing_what_the_shadow_does_saves_nothing(need: int, ready: int, kappa: float) -> None:
    tally = Tally.of(Step(need, ready, ready, 1.0))
    assert tally.saving(kappa) in (None, 0.0)
    assert tally.raised == 0


@pytest.mark.parametrize(
    ("before", "after", "raised", "used", "promised"),
    [
        pytest.param(0, 3, 0, 0, 0.0, id="units that the reactive answer had ready as well"),
        pytest.param(3, 7, 4, 2, 2.0, id="units 4 to 7, of which 4 and 5 were needed: .9 + .7 + .3 + .1"),
        pytest.param(2, 5, 2, 2, 1.6, id="units 4 and 5: unit 3 was ready anyway"),
        pytest.param(5, 7, 2, 0, 0.4, id="units 6 and 7, which nobody needed"),
        pytest.param(6, 9, 1, 0, 0.1, id="unit 7: 8 and 9 were not ready"),
        pytest.param(7, 4, 0, 0, 0.0, id="a fall answers for nothing"),
    ],
)
def test_a_rise_answers_for_its_own_units(before: int, after: int, raised: int, used: int, promised: float) -> None:
    # need 5, ready 7, shadow 3, for one minute
    found = Tally.of_units(Step(5, 7, 3, 1.0, LIKELY), before, after)
    assert (found.raised, found.used, found.short) == (raised, used, 0)
    assert found.promised == pytest.approx(promised)


@given(steps, st.lists(st.integers(0, 60), min_size=1, max_size=4))
def test_shares_of_disjoint_units_add_up(step: Step, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), 100]
    parts = [Tally.of_units(step, low, high) for low, high in pairwise(edges)]
    whole = Tally.of(step)
    assert sum(part.raised for part in parts) == pytest.approx(whole.raised)
    assert sum(part.used for part in parts) == pytest.approx(whole.used)
