"""The model that is judged: made in this one place, and asked for levels of the user's choice.

A level between two of the model's own is interpolated in the normal quantile, z = Phi^-1(tau): the normal distribution
itself would come out right. Beyond the model's outermost levels nothing is calibrated, so nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from edgewarm.forecast.protocol import Forecaster
from edgewarm.forecast.switching import SwitchingFleet
from edgewarm.forecast.windows import Windows
from edgewarm.model.demand import FloatArray
from edgewarm.replay.errors import TraceError


def forecaster(rows: int, step_seconds: float, windows: Windows) -> Forecaster:
    """The operator's model for so many series."""
    return SwitchingFleet(rows, step_seconds, windows)


def model_levels() -> tuple[float, ...]:
    """The levels that the model gives quantiles at."""
    fleet = forecaster(1, 3600.0, Windows.of((1,)))
    fleet.update(0, np.ones(1), np.zeros(1, dtype=bool))
    return fleet.forecast().levels


def check_levels(wanted: Sequence[float], known: Sequence[float], option: str) -> None:
    """TraceError for a level that the model does not reach."""
    for level in wanted:
        if not known[0] <= level <= known[-1]:
            reach = f"the model is calibrated from {known[0]:g} to {known[-1]:g}"
            raise TraceError(f"{option}: {level:g} is beyond what can be said, {reach}: leave it out")


def mixing(known: Sequence[float], wanted: Sequence[float]) -> FloatArray:
    """Weights (K, Q): quantiles at `known` levels times them are quantiles at `wanted` ones within the same reach."""
    normal = NormalDist()
    places = np.array([normal.inv_cdf(level) for level in known])
    wishes = [normal.inv_cdf(level) for level in wanted]
    return np.array([np.interp(wishes, places, row) for row in np.eye(len(places))])
