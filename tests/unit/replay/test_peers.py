"""Peers, step by step, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.model.policy import Bounds
from edgewarm.replay.peers import PEERS, fixed, hpa, keepalive, kpa, linear, percentile, reactive
from edgewarm.replay.peers.kpa import Autoscaler
from edgewarm.replay.starts import Starts
from support.builders import policy
from support.scenes import scene, waves

pytestmark = pytest.mark.unit


def hpa_counts(load: list[float], target: float = 0.5, step_seconds: float = 60.0) -> list[int]:
    world = scene(load, step_seconds=step_seconds)
    return [int(count) for count in hpa.wanted(world, np.array(load), np.array([target]))[:, 0]]


def autoscaler(load: list[float], target: float = 1.0, stable: int = 1, delay: int = 1) -> Autoscaler:
    return Autoscaler(np.array(load), np.array([target]), np.array([stable]), np.array([delay]))


# --- fixed number ----------------------------------------------------------------------------------------------------


def test_every_fixed_number_up_to_the_highest_need_is_tried() -> None:
    found = fixed.plans(scene([0.5, 2.5]))

    assert found.labels == ("1 pods", "2 pods", "3 pods")
    assert found.course.ready.tolist() == [[1, 2, 3]] * 2


# --- HPA -------------------------------------------------------------------------------------------------------------


def test_hpa_asks_for_the_load_over_its_target() -> None:
    # 1 / 0.5 = 2 pods; 2 / 0.5 = 4 at once: a rise is not stabilized
    assert hpa_counts([1.0, 2.0]) == [2, 4]


def test_hpa_leaves_what_is_within_its_tolerance() -> None:
    # ratio 2.19 / (4 x 0.5) = 1.095 is within a tenth; 2.21 / 2 = 1.105 is not: ceil(4.42) = 5
    assert hpa_counts([2.0, 2.19, 2.21]) == [4, 4, 5]


def test_hpa_falls_to_the_highest_recommendation_of_five_minutes() -> None:
    # the 4 of minute 0 is younger than 300 s until minute 4; then the 3 of minute 1 is the highest until minute 5
    assert hpa_counts([2.0, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5]) == [4, 4, 4, 4, 4, 3, 1]


def test_hpa_may_double_or_add_four_every_quarter_of_a_minute() -> None:
    # from 1: 5 after 15 s; from 5: 10; from 10: 20
    assert hpa_counts([0.5, 50.0, 50.0, 50.0], step_seconds=15.0) == [1, 5, 10, 20]
    # four periods in a minute: 1 -> 5 -> 10 -> 20 -> 40
    assert hpa_counts([0.5, 50.0, 50.0]) == [1, 40, 100]


# --- KPA -------------------------------------------------------------------------------------------------------------


def test_kpa_outside_panic_follows_the_mean_of_its_stable_window() -> None:
    kpa_one = autoscaler([2.0, 4.0, 6.0], stable=2)  # means of two rows: 2, 3, 5

    assert [int(kpa_one(row, np.array([4]))[0]) for row in range(3)] == [2, 3, 5]


def test_kpa_in_panic_never_falls_until_a_stable_window_has_passed() -> None:
    kpa_one = autoscaler([2.0, 8.0, 3.0, 3.0, 3.0], stable=2)
    ready = [2, 2, 8, 8, 8]

    found = [int(kpa_one(row, np.array([count]))[0]) for row, count in enumerate(ready)]

    # row 1: 8 >= 2 x 2 is panic, for row 1 and two rows more; row 4: the mean of the window, 3, but at least 8 / 2
    assert found == [2, 8, 8, 8, 4]


def test_kpa_halves_at_most() -> None:
    kpa_one = autoscaler([9.0, 1.0])
    kpa_one(0, np.array([9]))

    assert kpa_one(1, np.array([9])).tolist() == [4]


def test_kpa_delays_a_fall_by_its_sliding_maximum() -> None:
    kpa_one = autoscaler([4.0, 3.0, 3.0, 3.0], delay=3)

    assert [int(kpa_one(row, np.array([4]))[0]) for row in range(4)] == [4, 4, 4, 3]


def test_kpa_settings_stand_side_by_side() -> None:
    found = kpa.plans(scene(np.full(20, 3.0)))

    assert found.course.wanted.shape == (20, len(found.labels))
    assert found.course.wanted[-1, found.labels.index("target 100%, window 60 s, delay 0 s")] == 3


# --- decayed percentile ----------------------------------------------------------------------------------------------


def test_a_percentile_is_the_end_of_its_bucket() -> None:
    ends = percentile.FIRST_BUCKET * np.cumsum(percentile.GROWTH ** np.arange(percentile.BUCKETS))
    found = percentile.decayed(np.array([1.0, 1.0, 2.0]), np.array([0.5, 0.9]), half_life_rows=1e9)

    one, two = (ends[ends >= value][0] for value in (1.0, 2.0))
    assert found.tolist() == [[one, one], [one, one], [one, two]]


def test_a_percentile_forgets_by_half_a_half_life() -> None:
    # weights 1, 2, 4 at a half-life of one row: the last sample has 4 / 7 of the weight
    found = percentile.decayed(np.array([5.0, 5.0, 1.0]), np.array([0.56, 0.58]), half_life_rows=1.0)

    assert found[-1, 0] == pytest.approx(1.0, rel=0.05)
    assert found[-1, 1] == pytest.approx(5.0, rel=0.05)


def test_a_percentile_forgets_half_in_a_day() -> None:
    """1 for 30 hours, then 5: after 8 hours 5 has .21 of the weight and 1 has .46, after 24 it is .5 to .29."""
    found = percentile.PEER.plans(scene([1.0] * 30 + [5.0] * 24, step_seconds=3600.0, starts=Starts(0.0)))

    wanted = found.course.wanted[:, found.labels.index("p50, margin 0%")]
    assert (wanted[30 + 8 - 1], wanted[-1]) == (2, 6)  # the ends of their buckets


def test_weights_that_grow_for_years_stay_numbers() -> None:
    assert np.isfinite(percentile.decayed(np.ones(3000), np.array([0.9]), half_life_rows=1.0)).all()


# --- linear look-ahead -----------------------------------------------------------------------------------------------


def test_a_line_is_read_off_ahead() -> None:
    # through 1, 2, 3: five rows later it is at 8
    assert linear.ahead(np.array([1.0, 2.0, 3.0]), window=3, rows=5)[-1] == pytest.approx(8.0)


def test_a_falling_line_ends_at_zero() -> None:
    assert linear.ahead(np.array([3.0, 2.0, 1.0]), window=3, rows=9)[-1] == 0.0


def test_look_ahead_never_goes_below_the_reactive_answer() -> None:
    world = scene(waves(1, pods=20.0))
    reactive = hpa.wanted(world, world.load, np.array(linear.TARGETS))

    found = linear.plans(world)

    assert (found.course.wanted >= np.tile(reactive, len(linear.WINDOW_SECONDS))).all()


# --- our own reactive answer -----------------------------------------------------------------------------------------


def test_the_reactive_answer_leaves_its_band_and_falls_after_five_minutes() -> None:
    world = scene([*[4.0] * 65, 9.0, *[1.0] * 10], begin=62, bounds=Bounds(1, 100))

    found = reactive.course(world, policy(capacity_per_pod=1.0, bounds=world.bounds)).wanted[60:, 0]

    # 4 / 0.8 = 5 pods, and 9 / 5 is above 80 %: ceil(9 / 0.8) = 12; the 9 of row 65 is known in row 66
    assert found[:6].tolist() == [5] * 6
    assert found[6] == 12
    # 1 / 12 is below 30 %: two pods for 1 / 0.8, once the 12 of 15 s after row 66 is 300 s old
    assert found[7:].tolist() == [12, 12, 12, 12, 12, 2, 2, 2, 2]


# --- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_what_a_peer_wants_does_not_depend_on_the_future(peer: object) -> None:
    day = 48
    demand = waves(4, step_seconds=1800.0)
    changed = demand.copy()
    changed[3 * day + 20 :] *= 3
    plans = [peer.plans(scene(v, 3 * day, step_seconds=1800.0)) for v in (demand, changed)]  # type: ignore[attr-defined]

    if peer is not fixed.PEER:  # its numbers are those of the span itself, in hindsight
        upto = 3 * day + 21  # a row knows the row before
        assert plans[0].course.wanted[:upto].tolist() == plans[1].course.wanted[:upto].tolist()


def test_peers_have_names_sources_and_as_many_labels_as_columns() -> None:
    world = scene(waves(2, step_seconds=1800.0), 48, step_seconds=1800.0)

    assert len({peer.name for peer in PEERS}) == len(PEERS)
    for peer in PEERS:
        found = peer.plans(world)
        assert len(found.labels) == len(set(found.labels)) == found.course.ready.shape[1]
        assert peer.source
        assert not peer.default or peer.default in found.labels


# --- keep-alive ------------------------------------------------------------------------------------------------------


def test_keep_alive_holds_what_was_needed_last_for_so_many_minutes() -> None:
    found = keepalive.fixed_plans(scene([0.0, 1.5, 0.0, 0.0, 0.0, 0.5, 0.0], starts=Starts(0.0)))

    wanted = dict(zip(found.labels, found.course.wanted.T.tolist(), strict=True))
    assert wanted["1 min"] == [0, 0, 2, 0, 0, 0, 1]
    assert wanted["2 min"] == [0, 0, 2, 2, 0, 0, 1]


def test_the_hybrid_histogram_is_loaded_a_lead_time_earlier() -> None:
    demand = np.tile([1.0, *[0.0] * 9], 30)
    early, late = [keepalive.hybrid_plans(scene(demand, starts=Starts(lead))) for lead in (120.0, 0.0)]
    one, other = [plans.course.wanted[200:210, plans.labels.index("60 min")].tolist() for plans in (early, late)]

    assert other == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]  # gaps of 10: from floor(10 x .9) = 9 to ceil(10 x 1.1) = 11
    assert one == [1, 0, 0, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("demand", "low", "asleep"),
    [
        pytest.param([1.0, 0.0, 0.0, 0.0] * 20, 0, True, id="three zeros in four"),
        pytest.param([1.0, 0.0, 0.0, 0.0] * 20, 1, False, id="one pod is always there"),
        pytest.param([1.0] * 80, 0, False, id="never zero"),
        pytest.param([*[0.0] * 40, *[1.0] * 40], 0, False, id="one long night"),
    ],
)
def test_keep_alive_is_for_demand_that_sleeps(demand: list[float], low: int, asleep: bool) -> None:
    assert scene(demand, bounds=Bounds(low, 9)).asleep is asleep
