"""What a forecasting model other than the fleet's is asked, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass

from edgewarm.model.demand import FloatArray
from edgewarm.model.errors import Unavailable
from edgewarm.model.identity import SeriesKey


@dataclass(frozen=True)
class FitRequest:
    """Demand (T,) of one series, NaN where unknown, as means over `step_seconds` from `start` on; `ahead` is how many
    more of them are to be forecast."""

    model: str
    series: SeriesKey
    start: float
    step_seconds: float
    values: FloatArray
    ahead: int


class FitError(Unavailable):
    """The model said nothing usable; the message is a sentence for the policy's author, `cause` a word for metrics.

    Not `asked` is one that was left in peace because it had failed others: that says nothing of this series.
    """

    def __init__(self, cause: str, sentence: str, asked: bool = True) -> None:
        super().__init__(sentence)
        self.cause = cause
        self.asked = asked
