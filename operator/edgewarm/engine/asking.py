"""What a pass asks for every policy, and what the answers say of each of its resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edgewarm.engine.judge import censored
from edgewarm.engine.rows import RowName, Samples
from edgewarm.forecast.joint import joint_outlook
from edgewarm.model.demand import USER_MUST_ACT, DemandRequest, Measured, Missing, MissingKind, Reading
from edgewarm.model.identity import Key, SeriesKey
from edgewarm.model.load import Load
from edgewarm.model.policy import Policy
from edgewarm.model.quantiles import Outlook
from edgewarm.model.view import ClusterView

Policies = Mapping[Key, Policy]
Readings = Mapping[SeriesKey, Reading]
NOT_ASKED = Missing(MissingKind.UNAVAILABLE, "demand has not been read yet")


def requests(policies: Policies) -> Mapping[SeriesKey, DemandRequest]:
    """Every question of every policy."""
    return {SeriesKey(key, one.name): one.request for key, policy in policies.items() for one in policy.series}


def row_names(policies: Policies) -> Sequence[RowName]:
    """One row of the fleet for each of them."""
    return [
        RowName(key, one.request, policy.history_window_seconds, one.name, time_zone=policy.time_zone)
        for key, policy in policies.items()
        for one in policy.series
    ]


def samples(policies: Policies, view: ClusterView, readings: Readings) -> Samples:
    """(value, censored) of every series that has a value; each is censored by what the ready pods give of it."""
    result = {}
    for key, policy in policies.items():
        workload = view.workloads.get((key.namespace, policy.target))
        for one in policy.series:
            reading = readings.get(SeriesKey(key, one.name))
            if isinstance(reading, Measured):
                result[SeriesKey(key, one.name)] = (reading.value, censored(one.per_pod, workload, reading))
    return result


def loads(key: Key, policy: Policy, readings: Readings) -> tuple[Load, ...]:
    """The policy's series, without outlooks."""
    return tuple(Load(one, readings.get(SeriesKey(key, one.name), NOT_ASKED)) for one in policy.series)


def was_asked(found: Sequence[Load]) -> bool:
    """False for a policy that appeared while demand was read."""
    return all(load.reading is not NOT_ASKED for load in found)


def forecasted(found: Sequence[Load], ahead: Callable[[str], Outlook | None]) -> tuple[Load, ...]:
    """With the outlook that `ahead` has of each name.

    Where the question itself is wrong, a forecast of what it returned in the past is not worth acting on.
    """
    return tuple(load if _must_act(load) else replace(load, outlook=ahead(load.resource.name)) for load in found)


def _must_act(load: Load) -> bool:
    return isinstance(load.reading, Missing) and load.reading.kind in USER_MUST_ACT


def joint_reading(policy: Policy, found: Sequence[Load]) -> Reading:
    """The one reading, or with resources the largest in pods; while one is missing the whole is, and it says which."""
    if not policy.resources:
        return found[0].reading
    missing = [(load.resource.name, load.reading) for load in found if isinstance(load.reading, Missing)]
    if missing:
        name, worst = min(missing, key=lambda one: one[1].kind not in USER_MUST_ACT)
        return Missing(worst.kind, f"resource {name}: {worst.message}")
    measured = [load.reading for load in found if isinstance(load.reading, Measured)]
    return Measured(min(one.at for one in measured), max(load.pods for load in found if load.pods is not None))


def expected(policy: Policy, found: Sequence[Load]) -> Outlook | None:
    """The one outlook, or with resources that of the largest in pods.

    Resources with too little history are left out: a forecast only raises, and a lower bound of it is better than none.
    """
    if not policy.resources:
        return found[0].outlook
    known = [(load.outlook, load.resource.per_pod) for load in found if load.outlook is not None]
    return joint_outlook([outlook for outlook, _ in known], [each for _, each in known]) if known else None
