"""What a course of the ladder cost, minute by minute, and what a policy costs at a wanted cold share."""

from __future__ import annotations

import math

import pytest

from edgewarm.replay.account import Crew, Sums, at_cold_share, spent

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("crew", "demand", "expected"),
    [
        # need = ceil(90 / 50) = 2; 3 serve, so 1 is idle; nothing is cold
        (Crew(3, 1, 2), 90.0, {"idle": 10, "starting": 10, "standby": 20, "short": 0, "needed": 20, "cold": 0}),
        # need = 2; 1 serves 50 of 90
        (Crew(1, 1, 0), 90.0, {"idle": 0, "starting": 10, "standby": 0, "short": 10, "needed": 20, "cold": 400}),
        (Crew(0, 0, 1), 0.0, {"idle": 0, "starting": 0, "standby": 10, "short": 0, "needed": 0, "cold": 0}),
    ],
)
def test_ten_minutes_with_these_pods_cost(crew: Crew, demand: float, expected: dict[str, float]) -> None:
    found = spent(crew, demand, 50.0, 10.0)

    assert {name: getattr(found, name) for name in expected} == expected
    assert found.held == 10 * (crew.serving + crew.starting + crew.standby)


def test_nothing_is_counted_while_demand_is_unknown() -> None:
    assert spent(Crew(3, 1, 2), math.nan, 50.0, 10.0) == Sums()


def test_a_standby_counts_its_price_and_a_short_minute_kappa() -> None:
    found = Sums(idle=5.0, starting=3.0, standby=10.0, short=2.0)

    assert found.cost(10.0, 0.8) == 5 + 3 + 0.8 * 10 + 10 * 2
    assert Sums(starts=6.0, minutes=120.0).starts_per_hour == 3.0


def course(knob: float) -> Sums:
    """Knob 1, 2, 3, 4: 4 %, 3 %, 2 %, 1 % cold for 10, 20, 30, 40 idle minutes."""
    return Sums(idle=10 * knob, demand=100.0, cold=5.0 - knob)


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_a_cold_share_between_two_knobs_is_read_off_between_them_wherever_one_begins(first: int) -> None:
    found = at_cold_share(course, (1.0, 2.0, 3.0, 4.0), first, 0.0225)

    assert found.reached
    assert found.knobs == (2.0, 3.0)
    assert found.sums.idle == pytest.approx(27.5)  # a quarter of the time at knob 2, three quarters at 3
    assert found.sums.cold_share == pytest.approx(0.0225)


def test_a_cold_share_that_no_knob_reaches_is_said() -> None:
    found = at_cold_share(course, (1.0, 2.0, 3.0, 4.0), 1, 0.005)

    assert not found.reached
    assert (found.knobs, found.sums) == ((4.0,), course(4.0))


def test_a_knob_that_is_better_than_wanted_though_the_cheapest_is_taken_as_it_is() -> None:
    found = at_cold_share(course, (1.0, 2.0), 1, 0.05)

    assert found.reached
    assert (found.knobs, found.sums) == ((1.0,), course(1.0))
