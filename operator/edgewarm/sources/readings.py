"""An answer -> the policy's reading: one number, or the sentence that says what was found and what to change.

found                                     reading
----------------------------------------  ----------------------------------------
no series, or none as new as stale_after   NoSeries
two or more                               ManySeries
NaN, +Inf, -Inf                           DemandNotANumber
below zero                                DemandNegative
older than stale_after                    DemandStale, by a source that tells the time of the sample itself
one without the label of demand.labels    NoLabel
else                                      Measured(time of the sample, value)
no answer                                 SourceUnavailable, InvalidQuery or ManySeries by trouble.QueryError
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edgewarm.model.demand import Measured, Missing, MissingKind, Reading
from edgewarm.model.identity import Part
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
    """The table above for the series that were picked for `route`; the sum of all where it is to be split."""
    if not found:
        return _no_series(route, stale_after_seconds)
    if route.split:
        return _sum(route, found, now, stale_after_seconds)
    if len(found) > 1:
        return _many_series(route, len(found))
    return _one(route, found[0], now, stale_after_seconds)


def _sum(route: Route, found: Sequence[Sample], now: float, stale_after_seconds: float) -> Reading:
    """What is wrong with one series is wrong with the sum."""
    parts: dict[Part, float] = {}
    total = 0.0
    for sample in found:
        one = _one(route, sample, now, stale_after_seconds)
        lacking = next((label for _, label in route.split if not sample.labels.get(label)), None)
        if lacking is not None:
            return _no_label(route, lacking)
        if isinstance(one, Missing):
            return one
        total += one.value
        for by, label in route.split:
            part = Part(by, sample.labels[label])
            parts[part] = parts.get(part, 0.0) + one.value
    return Measured(min(sample.at for sample in found), total, tuple(sorted(parts.items())))


def _one(route: Route, sample: Sample, now: float, stale_after_seconds: float) -> Reading:
    at, value = sample.at, sample.value
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


def _no_series(route: Route, stale_after_seconds: float) -> Missing:
    if route.template is None:
        fix = 'check the metric, its labels and its targets, or append "or vector(0)" if no series means no demand'
    else:
        fix = "check the arguments, and that the workload is scraped"
    text = f"matches no series in source {route.question.source} with a sample of the last {stale_after_seconds:.0f} s"
    return Missing(MissingKind.NO_SERIES, f"{route.asked} {text}: {fix}")


def _no_label(route: Route, label: str) -> Missing:
    text = f"{route.asked} answers a series without label {label}: {_aggregate(route)}, or correct demand.labels"
    return Missing(MissingKind.NO_LABEL, text)


def _many_series(route: Route, count: int) -> Missing:
    sentence = f"{route.asked} matches {count} series, a demand is one number: {_aggregate(route)}"
    return Missing(MissingKind.MANY_SERIES, sentence)


def _aggregate(route: Route) -> str:
    split = [label for _, label in route.split]
    if route.template is None:
        return f"wrap the query in sum by ({', '.join(split)}) (...)" if split else "wrap the query in sum(...)"
    by = ", ".join([*route.names, *split])
    example = f"sum by ({by}) (...)" if by else "sum(...)"
    return f"an administrator must aggregate the template, {example}"


def _not_a_number(route: Route, value: float) -> Missing:
    word, why = ("NaN", "0/0 likely") if math.isnan(value) else (f"{value:+.0f}".title(), "a division by 0 likely")
    fix = "keep the divisor above 0, such as clamp_min(..., 1)"
    return Missing(MissingKind.NOT_A_NUMBER, f"{route.asked} answers {word} ({why}): {fix}")
