"""The operator's own metrics: one registry, one method per thing that happens; a policy's series go with the policy.

Missing is not zero: what is not known has no series.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from edgewarm.model.identity import Key, Split
from edgewarm.model.numbers import PolicyNumbers, ResourceNumbers
from edgewarm.model.operations import Tally
from edgewarm.telemetry import catalog
from edgewarm.telemetry.catalog import METRICS, Metric, Type

STATES = ("ready", "waiting", "blind", "stalled")

_Collector = Counter | Gauge | Histogram


class Metrics:
    """Everything on /metrics, process and platform included."""

    def __init__(self, version: str) -> None:
        # `..._created` series double the count and tell nobody anything
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._collectors = {metric.name: _made(metric, self.registry) for metric in METRICS}
        self._of_policy: dict[Key, set[tuple[Metric, tuple[str, ...]]]] = {}
        self._totals: dict[tuple[Metric, tuple[str, ...]], float] = {}
        self._gauge(catalog.BUILD_INFO, (version,)).set(1)
        self.policies({})

    def policy(self, key: Key, numbers: PolicyNumbers) -> None:
        """Replace a policy's gauges: series of what is no longer known are removed."""
        values = _values(numbers)
        wanted = {(metric, (key.namespace, key.name, *rest)): value for (metric, rest), value in values.items()}
        known = self._of_policy.setdefault(key, set())
        gone = {series for series in known - wanted.keys() if series[0].type is Type.GAUGE}
        self._remove(gone)
        known.difference_update(gone)
        known.update(wanted)
        for (metric, labels), value in wanted.items():
            self._gauge(metric, labels).set(value)
        for outcome, total in numbers.pulls.items():
            self._raise(catalog.IMAGE_PULLS, key, outcome, total)
        for rung, minutes in numbers.idle.items():
            self._raise(catalog.RUNG_IDLE, key, rung, minutes)

    def _raise(self, metric: Metric, key: Key, label: str, total: float) -> None:
        """A counter of which the total is known; one that never rose has no series."""
        labels = (key.namespace, key.name, label)
        told = self._totals.get((metric, labels), 0)
        if total > told:
            self._of_policy.setdefault(key, set()).add((metric, labels))
            self._counter(metric, labels).inc(total - told)
            self._totals[metric, labels] = total

    def decided(self, key: Key, reason: str, mode: str) -> None:
        """One change of plan."""
        labels = (key.namespace, key.name, reason, mode)
        self._of_policy.setdefault(key, set()).add((catalog.DECISIONS, labels))
        self._counter(catalog.DECISIONS, labels).inc()

    def data_removed(self, tally: Tally) -> None:
        """Staged data was given up."""
        key = tally.policy
        labels = (key.namespace, key.name, "yes" if tally.read else "no")
        self._of_policy.setdefault(key, set()).add((catalog.DATA_REMOVED, labels))
        self._counter(catalog.DATA_REMOVED, labels).inc(tally.size)

    def promoted(self, key: Key, count: int) -> None:
        """Standbys that began to serve."""
        self._of(key, catalog.PROMOTIONS, count)

    def parked(self, key: Key, count: int) -> None:
        """Serving pods that became standbys."""
        self._of(key, catalog.PARKINGS, count)

    def moved(self, key: Key, count: int) -> None:
        """Serving pods whose place a standby elsewhere took."""
        self._of(key, catalog.MIGRATIONS, count)

    def _of(self, key: Key, metric: Metric, count: int) -> None:
        labels = (key.namespace, key.name)
        self._of_policy.setdefault(key, set()).add((metric, labels))
        self._counter(metric, labels).inc(count)

    def forget(self, key: Key) -> None:
        """The policy is gone, and so are all its series."""
        self._remove(self._of_policy.pop(key, set()))

    def retain(self, keys: Collection[Key]) -> None:
        """Forget every policy that is not among `keys`."""
        for key in self._of_policy.keys() - set(keys):
            self.forget(key)

    def policies(self, states: Mapping[str, int]) -> None:
        """How many policies are ready, blind and stalled; absent is 0."""
        if unknown := states.keys() - set(STATES):
            raise ValueError(f"states are {', '.join(STATES)}, got {', '.join(sorted(unknown))}")
        for state in STATES:
            self._gauge(catalog.POLICIES, (state,)).set(states.get(state, 0))

    def passed(self, seconds: float, ended_at: float, overrun: bool) -> None:
        """One pass ended."""
        cast("Histogram", self._collectors[catalog.PASS_SECONDS.name]).observe(seconds)
        self._gauge(catalog.LAST_PASS, ()).set(ended_at)
        if overrun:
            self._counter(catalog.PASS_OVERRUNS, ()).inc()

    def api_request(self, verb: str, resource: str, code: str) -> None:
        """One request to the Kubernetes API ended; `code` is "error" where no answer came."""
        self._counter(catalog.API_REQUESTS, (verb, resource, code)).inc()

    def caches(self, ages: Mapping[str, float]) -> None:
        """How long ago each kind of object was heard of, in seconds."""
        for resource, seconds in ages.items():
            self._gauge(catalog.CACHE_AGE, (resource,)).set(seconds)

    def source_error(self, source: str, kind: str) -> None:
        """The hook on_error of sources.demand."""
        self._counter(catalog.SOURCE_ERRORS, (source, kind)).inc()

    def source_query(self, source: str, seconds: float, series: int) -> None:
        """The hook on_query of sources.demand."""
        cast("Histogram", self._collectors[catalog.SOURCE_SECONDS.name]).labels(source).observe(seconds)
        self._counter(catalog.SOURCE_SERIES, (source,)).inc(series)

    def model_fit(self, model: str, outcome: str, seconds: float) -> None:
        """The hook on_fit of sources.models."""
        cast("Histogram", self._collectors[catalog.MODEL_SECONDS.name]).labels(model).observe(seconds)
        self._counter(catalog.MODEL_FITS, (model, outcome)).inc()

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """The text of /metrics and its content type, by the Accept header of the scraper."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type

    def _gauge(self, metric: Metric, labels: tuple[str, ...]) -> Gauge:
        collector = cast("Gauge", self._collectors[metric.name])
        return collector.labels(*labels) if labels else collector

    def _counter(self, metric: Metric, labels: tuple[str, ...]) -> Counter:
        collector = cast("Counter", self._collectors[metric.name])
        return collector.labels(*labels) if labels else collector

    def _remove(self, series: Collection[tuple[Metric, tuple[str, ...]]]) -> None:
        for metric, labels in series:
            self._collectors[metric.name].remove(*labels)
            self._totals.pop((metric, labels), None)


def _made(metric: Metric, registry: CollectorRegistry) -> _Collector:
    match metric.type:
        case Type.COUNTER:
            return Counter(metric.name, metric.help, metric.labels, registry=registry)
        case Type.GAUGE:
            return Gauge(metric.name, metric.help, metric.labels, registry=registry)
        case Type.HISTOGRAM:
            return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)


def _values(numbers: PolicyNumbers) -> Mapping[tuple[Metric, tuple[str, ...]], float]:
    """(metric, labels after namespace and policy) -> value, known ones only."""
    plain: tuple[tuple[Metric, float | None], ...] = (
        (catalog.DEMAND, numbers.demand),
        (catalog.NEED, numbers.need),
        (catalog.READY, numbers.ready),
        (catalog.WANTED, numbers.wanted),
        (catalog.BLIND, float(numbers.blind)),
    )
    values: dict[tuple[Metric, tuple[str, ...]], float] = {(m, ()): value for m, value in plain if value is not None}
    for metric, quantiles in ((catalog.FORECAST, numbers.forecast), (catalog.LEAD_TIME, numbers.lead_seconds)):
        values.update({(metric, (f"{level:g}",)): value for level, value in quantiles.items()})
    for stage, seconds in numbers.stages.items():
        values.update({(catalog.STAGE, (stage.value, f"{level:g}")): value for level, value in seconds.items()})
    for name, one in numbers.resources.items():
        values |= _each((name,), one, catalog.RESOURCE_DEMAND, catalog.RESOURCE_FORECAST)
    for part, one in numbers.parts.items():
        node = part.by is Split.NODE
        labels = (part.value,) if node else (str(part.by), part.value)
        of = (catalog.NODE_DEMAND, catalog.NODE_FORECAST) if node else (catalog.PART_DEMAND, catalog.PART_FORECAST)
        values |= _each(labels, one, *of)
    for rung, found in numbers.rungs.items():
        states = (("wanted", found.wanted), ("warm", found.warm), ("warming", found.warming))
        values.update({(catalog.RUNG_UNITS, (rung, state)): float(value) for state, value in states})
    values.update({(catalog.DATA_BYTES, (tier,)): size for tier, size in numbers.stored.items()})
    return values


def _each(
    labels: tuple[str, ...], one: ResourceNumbers, demand: Metric, forecast: Metric
) -> dict[tuple[Metric, tuple[str, ...]], float]:
    """The series of one of several demands."""
    now = {} if one.demand is None else {(demand, labels): one.demand}
    return now | {(forecast, (*labels, f"{level:g}")): value for level, value in one.forecast.items()}
