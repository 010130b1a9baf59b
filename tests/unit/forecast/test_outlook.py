"""From the grid of windows to one outlook: what is interpolated, and from where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgewarm.forecast.outlook import outlook
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.model.quantiles import Arrivals

pytestmark = pytest.mark.unit

AHEAD = np.array([1, 2, 5, 10, 15, 60, 1440])
UNTIL = np.array([1, 2, 5, 10, 60])
STEP = 1000
SEEN = STEP * 60.0


def fleet(known: bool = True) -> FleetForecast:
    """Median 10 per step ahead and p90 a hundred more; the maxima are 5 above the point at their end."""
    points = np.stack([AHEAD * 10.0, AHEAD * 10.0 + 100], axis=-1)[None]
    maxima = np.stack([UNTIL * 10.0 + 5, UNTIL * 10.0 + 105], axis=-1)[None]
    return FleetForecast(STEP, (0.5, 0.9), AHEAD, UNTIL, points, maxima, np.array([known]))


@pytest.mark.parametrize(
    ("age", "lead", "edge"),
    [
        pytest.param(0.0, 0.0, 1.0, id="no lead time: one step ahead"),
        pytest.param(0.0, 60.0, 2.0, id="one step of lead: [1, 2], a pod must do for its end"),
        pytest.param(0.0, 30.0, 1.5, id="half a step of lead"),
        pytest.param(15.0, 45.0, 2.0, id="the age of the last step counts: 15 + 45"),
        pytest.param(0.0, 150.0, 3.5, id="between the grid points 2 and 5: half way"),
        pytest.param(45.0, 495.0, 10.0, id="on a grid point: 45 + 495 = 540 s = 9 steps"),
        pytest.param(0.0, 3540.0, 60.0, id="the last grid point of the maxima"),
        pytest.param(0.0, 7200.0, 60.0, id="beyond it, its value is held, a day ahead is no neighbour"),
        pytest.param(-30.0, 60.0, 2.0, id="a clock behind the last step counts as no age"),
    ],
)
def test_the_lead_window_ends_one_step_after_the_lead_time(age: float, lead: float, edge: float) -> None:
    found = outlook(fleet(), 0, 60.0, SEEN + age, lead)
    assert found is not None
    assert found.lead.values == pytest.approx((edge * 10, edge * 10 + 100))
    assert found.hold.values == pytest.approx((edge * 10 + 5, edge * 10 + 105))
    assert found.lead_seconds == lead


def test_a_falling_demand_is_held_for_the_start_of_the_window() -> None:
    falling = FleetForecast(
        STEP, (0.5,), AHEAD, UNTIL, -AHEAD[None, :, None] + 2000.0, np.zeros((1, 5, 1)), np.ones(1, dtype=bool)
    )
    found = outlook(falling, 0, 60.0, SEEN, 60.0)
    assert found is not None
    assert found.lead.values == (1999.0,)  # one step ahead, not two
    assert found.hold.values == (1999.0,)  # never below the lead window


def test_horizons_are_grid_points() -> None:
    found = outlook(fleet(), 0, 60.0, SEEN, 60.0)
    assert found is not None
    assert [(seconds, q.values[0]) for seconds, q in found.horizons] == [
        (300.0, 50.0),
        (900.0, 150.0),
        (3600.0, 600.0),
        (86400.0, 14400.0),
    ]


def test_a_horizon_that_is_no_grid_point_is_left_out() -> None:
    found = outlook(fleet(), 0, 300.0, STEP * 300.0, 60.0)  # 900 s = 3 steps and 86400 s = 288 steps are not there
    assert found is not None
    assert [seconds for seconds, _ in found.horizons] == [300.0]


def test_too_little_history_gives_no_outlook() -> None:
    assert outlook(fleet(known=False), 0, 60.0, SEEN, 60.0) is None


def sleeper() -> FleetForecast:
    """Something comes in the step 2 with P .6, and by step 1, 2, 5 with P .2, .6, .9."""
    ahead, until = np.full((1, len(AHEAD)), 0.1), np.full((1, len(UNTIL)), 0.9)
    ahead[0, :2], until[0, :2] = (0.2, 0.6), (0.2, 0.6)
    return replace(fleet(), chance_ahead=ahead, chance_until=until)


@pytest.mark.parametrize(
    ("age", "lead", "expected"),
    [
        pytest.param(0.0, 0.0, Arrivals(60.0, 0.2, 0.2, ((1.0, 0.2),)), id="no lead time: the next step"),
        pytest.param(0.0, 60.0, Arrivals(60.0, 0.6, 0.6, ((1.0, 0.2), (2.0, 0.6))), id="a step of lead: step 2"),
        pytest.param(
            0.0, 45.0, Arrivals(60.0, 0.2, 0.5, ((0.75, 0.15), (1.75, 0.5))), id="a part of a step has its part of P"
        ),
        pytest.param(
            30.0,
            30.0,
            Arrivals(60.0, 0.6, 0.6, ((0.5, 0.1 / 0.9), (1.5, 0.5 / 0.9))),
            id="half a step has passed and nothing came: P by step 2 is (.6 - .1) / (1 - .1)",
        ),
    ],
)
def test_what_may_come_to_a_row_that_sleeps(age: float, lead: float, expected: Arrivals) -> None:
    found = outlook(sleeper(), 0, 60.0, SEEN + age, lead)
    assert found is not None
    assert found.arrivals is not None
    assert (found.arrivals.soon, found.arrivals.lead) == pytest.approx((expected.soon, expected.lead))
    assert np.array(found.arrivals.back) == pytest.approx(np.array(expected.back))


def test_a_row_that_is_not_intermittent_has_no_arrivals() -> None:
    for forecast in (fleet(), replace(sleeper(), chance_ahead=np.full((1, len(AHEAD)), np.nan))):
        found = outlook(forecast, 0, 60.0, SEEN, 60.0)
        assert found is not None
        assert found.arrivals is None


@pytest.mark.parametrize(
    ("lead", "spells"),
    [
        pytest.param(0.0, [(60.0, 1.0, True)], id="no start: the one step ahead"),
        pytest.param(
            120.0,
            [(60.0, 1.0, False), (60.0, 2.0, False), *((60.0, at, True) for at in (3.0, 4.0, 5.0, 6.0))],
            id="two steps until it is ready, then until three starts from now",
        ),
        pytest.param(
            135.0,
            [(15.0, 0.25, False), *((60.0, at, at > 3) for at in (1.25, 2.25, 3.25, 4.25, 5.25, 6.25))],
            id="the first spell is what is left of a step",
        ),
        pytest.param(
            540.0,
            [(60.0, 1.0, False), *((180.0, at, at > 9) for at in (4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0, 25.0))],
            id="a long start in thirds",
        ),
    ],
)
def test_spells_follow_one_another_until_three_starts_from_now(
    lead: float, spells: list[tuple[float, float, bool]]
) -> None:
    found = outlook(fleet(), 0, 60.0, SEEN, lead)
    assert found is not None
    assert [(spell.seconds, spell.served) for spell in found.spells] == [(lasts, served) for lasts, _, served in spells]
    medians = [spell.demand.values[0] for spell in found.spells]
    assert medians == pytest.approx([10.0 * max(at, 1.0) for _, at, _ in spells])
