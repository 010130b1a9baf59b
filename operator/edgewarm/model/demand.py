"""What a demand source answers: a value, or one of several kinds of nothing that are never zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edgewarm.model.identity import Part, Split

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


class MissingKind(StrEnum):
    """Why there is no value. Each is a different thing and gets a different sentence."""

    NO_SERIES = "NoSeries"  # the query works and matches nothing, or nothing new
    MANY_SERIES = "ManySeries"  # the query matches several series; a demand is one number
    NO_LABEL = "NoLabel"  # a series lacks the label that demand.labels names
    NOT_A_NUMBER = "DemandNotANumber"  # the one series has the value NaN or Inf (0/0, say)
    NEGATIVE = "DemandNegative"  # demand below zero has no meaning
    INVALID_QUERY = "InvalidQuery"  # the source refuses the query: the user must correct it
    UNKNOWN_SOURCE = "UnknownSource"  # the operator's configuration has no such source or template
    UNAVAILABLE = "SourceUnavailable"  # the source did not answer
    STALE = "DemandStale"  # the newest sample is too old to act on, by its own time


USER_MUST_ACT = frozenset(
    {MissingKind.MANY_SERIES, MissingKind.NO_LABEL, MissingKind.INVALID_QUERY, MissingKind.UNKNOWN_SOURCE}
)
"""Kinds that no waiting cures: the policy is Stalled and its message says what to change."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One demand sample: finite, not negative, in the unit of the query.

    `parts` are what it is the sum of, where the request asked for that: those of each label add up to `value`.
    """

    at: float
    value: float
    parts: tuple[tuple[Part, float], ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError(f"demand must be finite and >= 0, got {self.value}")


@dataclass(frozen=True, slots=True)
class Missing:
    """No sample; `message` is the sentence that the policy's author reads."""

    kind: MissingKind
    message: str


Reading = Measured | Missing


@dataclass(frozen=True, slots=True)
class DemandRequest:
    """What to ask a source for: a query of the policy's own, or a template with the labels that pick one series.

    `source` is a name from the operator's configuration, None for its default. `labels` are sorted (name, value) pairs.
    With `split`, labels by what they carry, there may be several series, which are added up; `part` asks for those with
    one value of one of them.
    """

    namespace: str
    source: str | None = None
    query: str | None = None
    template: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    split: tuple[tuple[Split, str], ...] = ()
    part: Part | None = None


@dataclass(frozen=True)
class History:
    """Past demand on a regular grid.

    `start` is the time of the first value; `values` has shape (T,), one per `step_seconds`, NaN where nothing is known.
    """

    start: float
    step_seconds: float
    values: FloatArray

    @property
    def known(self) -> int:
        return int(np.isfinite(self.values).sum())
