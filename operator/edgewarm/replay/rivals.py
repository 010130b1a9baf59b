"""What every forecast must beat: naive rules, each with three ways to get quantiles, of which the best counts.

rule            last value; seasonal naive of a day; of a week too where the trace has two weeks and training one
quantiles       trailing residuals (two days), native (normal), our calibrator
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgewarm.model.demand import FloatArray, IntArray
from edgewarm.replay.calibrated import at_levels
from edgewarm.replay.naive import Naive, Past

LAST_VALUE = "last value"
DAY_AGO = "seasonal naive (day)"
WEEK_AGO = "seasonal naive (week)"
TRAILING, NATIVE, CALIBRATED = "trailing residuals", "native quantiles", "our calibrator"
WEEK_DAYS = 7


def rules(steps: int, train_steps: int, day: int) -> tuple[Naive, ...]:
    """The naive rules for a trace of so many steps."""
    found = [Naive(LAST_VALUE), Naive(DAY_AGO, day)]
    if steps >= 2 * WEEK_DAYS * day and train_steps >= WEEK_DAYS * day:
        found.append(Naive(WEEK_AGO, WEEK_DAYS * day))
    return tuple(found)


def contenders(
    past: Past, found: Sequence[Naive], origins: IntArray, ahead: int, levels: Sequence[float], tracked: FloatArray
) -> Iterator[tuple[str, FloatArray]]:
    """Name and quantiles (O, Q) of each rule in each form; `tracked` (O, E, L) are the tracker's at this horizon."""
    for index, rule in enumerate(found):
        yield f"{rule.name}, {TRAILING}", rule.trailing(past, origins, ahead, levels)
        yield f"{rule.name}, {NATIVE}", rule.native(past, origins, ahead, levels)
        yield f"{rule.name}, {CALIBRATED}", at_levels(tracked[:, index], levels)
