"""The hazard fleet keeps the house's promises: honest, blind to the future, the same however it was fed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.forecast.arrivals import VIEWS
from edgewarm.forecast.hazard import HazardFleet
from edgewarm.model.demand import FloatArray

pytestmark = pytest.mark.contract

LEVELS = (0.1, 0.5, 0.9, 0.99)
FIRST = 480


def fed(fleet: HazardFleet, values: FloatArray, first: int = FIRST) -> HazardFleet:
    """The fleet after the steps first, first + 1, ... of `values` (T, N)."""
    for index, row in enumerate(values):
        fleet.update(first + index, row)
    return fleet


def learned(values: FloatArray, first: int = FIRST) -> HazardFleet:
    return fed(HazardFleet(values.shape[1]), values, first)


def sleepers(steps: int = 150, seed: int = 1) -> FloatArray:
    """(T, 4): a timer of 5, a timer of 7 with some sizes, rare arrivals, and busy ones."""
    random = np.random.default_rng(seed)
    at = np.arange(steps)
    rare, busy = random.random(steps) < 0.03, random.random(steps) < 0.6
    return np.stack([at % 5 == 0, (at % 7 == 3) * random.uniform(1, 9, steps), rare, busy * 3.0], axis=1).astype(float)


def said(fleet: HazardFleet) -> FloatArray:
    """Everything the fleet says: P, P within 1..8 steps, and quantiles, (N, columns)."""
    return np.concatenate([fleet.probability()[:, None], fleet.within(8), fleet.quantiles(LEVELS)], axis=1)


def check_honest(fleet: HazardFleet) -> None:
    for probability in (fleet.probability(), fleet.hazards(8), fleet.within(8)):
        assert ((probability > 0) & (probability < 1)).all()
    assert (np.diff(fleet.within(8), axis=1) >= 0).all()
    quantiles = fleet.quantiles(LEVELS)
    assert np.isfinite(quantiles).all()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert fleet.weights.sum(axis=1) == pytest.approx(1.0)


sample = st.one_of(st.just(np.nan), st.just(0.0), st.just(0.0), st.floats(0, 1e12), st.just(1e-9))
history = st.lists(
    st.tuples(st.tuples(sample, sample), st.booleans(), st.sampled_from([1, 1, 1, 2, 5000])), min_size=1, max_size=60
)


@given(history)
def test_any_history_gives_probabilities_and_quantiles_that_do_not_cross(
    taken: list[tuple[tuple[float, float], bool, int]],
) -> None:
    fleet, step = HazardFleet(2), 0
    for demand, censored, ahead in taken:
        step += ahead
        fleet.update(step, np.array(demand), np.array([censored, False]))
    check_honest(fleet)


def test_the_shapes_are_said_and_kept() -> None:
    fleet = learned(sleepers())
    assert (fleet.size, fleet.probability().shape, fleet.within(3).shape) == (4, (4,), (4, 3))
    assert (fleet.quantiles(LEVELS).shape, fleet.sizes(LEVELS).shape) == ((4, 4), (4, 4))
    assert fleet.weights.shape == (4, len(VIEWS))


def test_the_first_step_of_a_window_is_the_next_step() -> None:
    fleet = learned(sleepers())
    assert fleet.within(8)[:, 0] == pytest.approx(fleet.probability(), rel=1e-12)
    assert fleet.hazards(1)[:, 0] == pytest.approx(fleet.probability(), rel=1e-12)


def test_what_is_foreseen_on_the_quiet_path_is_said_there() -> None:
    values = np.concatenate([sleepers(151), np.zeros((3, 4))])  # the timer of 5 came in the last step but three
    before, after = learned(values[:151]), learned(values)
    assert before.hazards(4)[0, 3] < 0.1
    assert before.hazards(5)[0, 4] == pytest.approx(after.hazards(2)[0, 1], abs=0.1)


def test_a_timer_is_known_after_an_hour() -> None:
    fleet, told = HazardFleet(1), []
    for step, row in enumerate(sleepers(60)[:, [0]]):
        if step > 40:
            told.append((row[0], fleet.probability()[0]))
        fleet.update(FIRST + step, row)
    assert min(p for came, p in told if came) > 0.8
    assert max(p for came, p in told if not came) < 0.1


def test_a_rate_is_all_there_is_to_know_of_chance() -> None:
    random = np.random.default_rng(4)
    values = (random.random((400, 20)) < 0.1).astype(float)
    fleet, told = HazardFleet(20), []
    for step, row in enumerate(values):
        if step > 200:
            told.append(fleet.probability())
        fleet.update(step, row)
    assert np.mean(told) == pytest.approx(0.1, abs=0.02)


def test_a_row_that_was_never_called_borrows_from_its_like() -> None:
    values = np.zeros((200, 50))
    values[::40, :25] = 1.0
    fleet = learned(values)
    assert (fleet.probability()[25:] < 0.02).all()
    assert (fleet.probability()[25:] > 0).all()


def test_unknown_steps_teach_nothing() -> None:
    fleet = learned(sleepers())
    before = fleet.state()
    after = fed(fleet, np.full((3, 4), np.nan), first=FIRST + 150).state()
    moved = {"age", "sure", "recent", "step"}  # time passes, and that is all
    same = {name for name in before if np.array_equal(np.nan_to_num(before[name]), np.nan_to_num(after[name]))}
    assert set(before) - same == moved


def test_unknown_is_not_zero() -> None:
    values = sleepers()
    values[-20:, 3] = 0.0
    blind = values.copy()
    blind[-20:, 3] = np.nan
    assert learned(blind).probability()[3] > 1.5 * learned(values).probability()[3]


def test_a_censored_zero_is_unknown_and_a_censored_arrival_has_no_size() -> None:
    one, other = learned(sleepers()), learned(sleepers())
    one.update(FIRST + 150, np.zeros(4), np.ones(4, dtype=bool))
    other.update(FIRST + 150, np.full(4, np.nan))
    assert np.array_equal(said(one), said(other))
    one.update(FIRST + 151, np.full(4, 1e6), np.ones(4, dtype=bool))
    assert one.quantiles((0.99,)).max() < 100
    assert (one.state()["age"] == 1).all()


@pytest.mark.parametrize("gap", [1, 7, 90])
def test_steps_that_were_skipped_are_unknown_steps(gap: int) -> None:
    values, after = sleepers(), sleepers(30, seed=2)
    skipped = fed(learned(values), after, first=FIRST + 150 + gap)
    told = learned(np.concatenate([values, np.full((gap, 4), np.nan), after]))
    assert np.array_equal(said(skipped), said(told))


def test_the_future_changes_nothing_that_was_said() -> None:
    values, other = sleepers(), sleepers()
    other[75:] = 1.0 - (other[75:] > 0)
    fleets = [HazardFleet(4), HazardFleet(4)]
    for step in range(75):
        for fleet, rows in zip(fleets, (values, other), strict=True):
            fleet.update(step, rows[step])
        assert np.array_equal(said(fleets[0]), said(fleets[1]))


def test_asking_changes_nothing() -> None:
    asked, quiet = HazardFleet(4), HazardFleet(4)
    for step, row in enumerate(sleepers()):
        asked.update(step, row)
        quiet.update(step, row)
        said(asked)
    assert np.array_equal(said(asked), said(quiet))


def test_the_order_of_rows_means_nothing() -> None:
    values, order = sleepers(), [2, 0, 3, 1]
    assert said(learned(values[:, order])) == pytest.approx(said(learned(values))[order], rel=1e-9)


def test_another_unit_changes_no_probability_and_scales_the_sizes() -> None:
    values = sleepers()[:, [1]]
    plain, scaled = learned(values), learned(values * 1e6)
    assert np.array_equal(plain.probability(), scaled.probability())
    assert scaled.quantiles(LEVELS) / 1e6 == pytest.approx(plain.quantiles(LEVELS), rel=1e-9)


def test_a_restored_fleet_goes_on_identically() -> None:
    values = sleepers()
    fleet = learned(values[:80])
    state = fleet.state()
    fed(fleet, values[80:], first=FIRST + 80)
    again = fed(HazardFleet.from_state(state), values[80:], first=FIRST + 80)  # the state was not touched meanwhile
    assert np.array_equal(said(again), said(fleet))
    assert (again.size, again.step_seconds) == (4, 60.0)


def test_the_state_of_a_new_fleet_can_be_restored() -> None:
    again = HazardFleet.from_state(HazardFleet(2, 300.0).state())
    assert fed(again, np.ones((3, 2))).probability().shape == (2,)


def test_rows_can_be_dropped_and_turned_and_their_lessons_stay() -> None:
    fleet, whole = learned(sleepers()), learned(sleepers())
    fleet.keep(np.array([2, 0], dtype=np.int64))
    assert said(fleet) == pytest.approx(said(whole)[[2, 0]], rel=1e-12)
    fleet.keep(np.array([], dtype=np.int64))
    assert fleet.size == 0
    fleet.update(FIRST + 150, np.zeros(0))


def test_fleets_that_are_joined_keep_their_rows_and_add_up_what_they_pooled() -> None:
    values = sleepers()
    one, other = learned(values[:, :2]), learned(values[:, 2:])
    hits = one.state()["fleet_hits"] + other.state()["fleet_hits"]
    one.append(other)
    assert one.size == 4
    assert one.state()["fleet_hits"] == pytest.approx(hits)
    assert np.array_equal(one.state()["age"], learned(values).state()["age"])
    assert one.quantiles(LEVELS).shape == (4, 4)


def test_an_empty_fleet_takes_over_the_clock_of_the_other() -> None:
    empty = HazardFleet(0)
    empty.append(learned(sleepers()))
    assert (empty.size, int(empty.state()["step"])) == (4, FIRST + 149)
    assert np.array_equal(said(empty), said(learned(sleepers())))
    empty.append(HazardFleet(0))
    assert (empty.size, int(empty.state()["step"])) == (4, FIRST + 149)


def test_what_does_not_fit_is_refused() -> None:
    fleet = HazardFleet(2)
    with pytest.raises(ValueError, match="no step"):
        fleet.probability()
    with pytest.raises(ValueError, match="shape"):
        fleet.update(1, np.ones(3))
    fleet.update(5, np.ones(2))
    with pytest.raises(ValueError, match="steps must rise"):
        fleet.update(5, np.ones(2))
    with pytest.raises(ValueError, match="1 to 1440 steps"):
        fleet.within(0)
    with pytest.raises(ValueError, match="same step"):
        fleet.append(learned(sleepers()))
    with pytest.raises(ValueError, match="one step length"):
        fleet.append(HazardFleet(0, 300.0))
