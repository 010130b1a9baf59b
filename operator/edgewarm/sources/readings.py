"""An answer -> the policy's reading: one number, or the sentence that says what was found and what to change.

found                                     reading
----------------------------------------  ----------------------------------------
no series                                 NoSeries
two or more                               ManySeries
NaN, +Inf, -Inf                           DemandNotANumber
below zero                                DemandNegative
older than stale_after                    DemandStale
else                                      Measured(time of the sample, value)
no answer                                 SourceUnavailable, InvalidQuery or ManySeries by trouble.QueryError
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edgewarm.model.demand import Measured, Missing, MissingKind, Reading
from edgewarm.model.units import format_time
from edgewarm.sources.routes import Route
from edgewarm.sources.trouble import QueryError, Refused, TooMuch
from edgewarm.sources.wire import Sample

Answer = Sequence[Sample] | QueryError
Values = tuple[str | None, ...]


@dataclass
class Picker:
    """Finds the series of a route in one answer; an index per set of label names, so a thousand routes are cheap."""

    samples: Sequence[Sample]
    _indexes: dict[tuple[str, ...], dict[Values, list[Sample]]] = field(default_factory=dict)

    def pick(self, labels: Iterable[tuple[str, str]]) -> Sequence[Sample]:
        pairs = tuple(labels)
        if not pairs:
            return self.samples
        names = tuple(name for name, _ in pairs)
        if names not in self._indexes:
            self._indexes[names] = self._index(names)
        return self._indexes[names].get(tuple(value for _, value in pairs), ())

    def _index(self, names: tuple[str, ...]) -> dict[Values, list[Sample]]:
        index: dict[Values, list[Sample]] = {}
        for sample in self.samples:
            index.setdefault(tuple(sample.labels.get(name) for name in names), []).append(sample)
        return index


def reading(route: Route, found: Sequence[Sample], now: float, stale_after_seconds: float) -> Reading:
    """The table above for the series that were picked for `route`."""
    if not found:
        return _no_series(route)
    if len(found) > 1:
        return _many_series(route, len(found))
    at, value = found[0].at, found[0].value
    if not math.isfinite(value):
        return _not_a_number(route, value)
    if value < 0:
        fix = "wrap it in clamp_min(..., 0) if less than nothing means nothing"
        return Missing(MissingKind.NEGATIVE, f"{route.asked} answers {value:g}, a demand is never below 0: {fix}")
    if now - at > stale_after_seconds:
        text = f"the newest sample is of {format_time(at)}, older than {stale_after_seconds:.0f} s"
        return Missing(MissingKind.STALE, f"{route.asked}: {text}: check that its targets are scraped")
    return Measured(at, value)


def failed(route: Route, error: QueryError) -> Missing:
    """The sentence for a question that got no answer."""
    source = route.question.source
    if isinstance(error, Refused):
        text = f"source {source} cannot answer {route.asked}: {error.text}"
    elif isinstance(error, TooMuch):
        text = f"{route.asked} to source {source} answers {error.text}: {_aggregate(route)}"
    else:
        text = f"source {source} {error.text}; not answered: {route.asked}"
    return Missing(error.kind, text)


def _no_series(route: Route) -> Missing:
    if route.template is None:
        fix = 'check the metric and its labels, or append "or vector(0)" if no series means no demand'
    else:
        fix = "check the arguments, and that the workload is scraped"
    return Missing(MissingKind.NO_SERIES, f"{route.asked} matches no series in source {route.question.source}: {fix}")


def _many_series(route: Route, count: int) -> Missing:
    sentence = f"{route.asked} matches {count} series, a demand is one number: {_aggregate(route)}"
    return Missing(MissingKind.MANY_SERIES, sentence)


def _aggregate(route: Route) -> str:
    if route.template is None:
        return "wrap the query in sum(...)"
    by = ", ".join(route.names)
    example = f"sum by ({by}) (...)" if by else "sum(...)"
    return f"an administrator must aggregate the template, {example}"


def _not_a_number(route: Route, value: float) -> Missing:
    word, why = ("NaN", "0/0 likely") if math.isnan(value) else (f"{value:+.0f}".title(), "a division by 0 likely")
    fix = "keep the divisor above 0, such as clamp_min(..., 1)"
    return Missing(MissingKind.NOT_A_NUMBER, f"{route.asked} answers {word} ({why}): {fix}")
