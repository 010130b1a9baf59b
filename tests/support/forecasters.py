"""Every implementation of `forecast.protocol`, for the contract tests, and a day to feed them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from edgewarm.forecast.fleet import FleetModel
from edgewarm.forecast.protocol import FleetForecast
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.model.demand import FloatArray
from support.guests import GuestFleet, points, quantiles

DAY = 24  # steps of an hour


@dataclass(frozen=True)
class Kind:
    """One implementation: how to make one, and how to take one up from its state."""

    name: str
    new: Callable[[int, float], Any]
    restored: Callable[[Any], Any]


FLEET = Kind("FleetModel", FleetModel, FleetModel.from_state)
KINDS = [
    FLEET,
    Kind("SwitchingFleet", SwitchingFleet, SwitchingFleet.from_state),
    Kind("Linear", partial(GuestFleet.new, points), deepcopy),
    Kind("a plug-in with quantiles", partial(GuestFleet.new, quantiles), deepcopy),
]


def numbers(found: FleetForecast) -> FloatArray:
    """All quantiles of all windows, (N, windows, Q)."""
    return np.concatenate([found.at_ahead, found.max_until], axis=1)


def daily(days: int, noise: float = 3.0, seed: int = 1, per_day: int = DAY) -> FloatArray:
    """A day that swings between 50 and 150, shape (days x per_day, 1)."""
    angle = np.arange(days * per_day) * 2 * np.pi / per_day
    values = 100 - 50 * np.cos(angle) + np.random.default_rng(seed).normal(0, noise, len(angle))
    return np.maximum(values, 0)[:, None]
