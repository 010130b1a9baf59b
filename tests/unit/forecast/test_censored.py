"""What bursts teach that met too few pods: lower bounds, and still the best that is known of the upper quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.mixture import LEVELS

pytestmark = pytest.mark.unit

P90 = LEVELS.index(0.9)
SERVED = 50.0  # what the ready pods give


def p90_after(steps: int, busy: float) -> float:
    """One step ahead, after steps of 10 of which a share `busy` asks for 100, more than is served."""
    random, fleet = np.random.default_rng(4), FleetModel(1, 300.0)
    for step in range(steps):
        demand = np.array([100.0 if random.random() < busy else 10.0])
        fleet.update(step, demand, demand >= SERVED)
    return float(fleet.forecast().at_ahead[0, 0, P90])


def test_a_burst_in_each_fifth_step_is_within_nine_of_ten_although_pods_lacked_each_time() -> None:
    """P(100) = 20 %, so p90 is 100; were bursts left out because pods lacked, nothing but 10 would ever be verified."""
    assert p90_after(2000, 0.2) > SERVED


def test_a_burst_in_each_fiftieth_step_is_beyond_nine_of_ten() -> None:
    """P(100) = 2 %, so p90 is 10."""
    assert p90_after(2000, 0.02) < SERVED
