"""Which resource asks for the most pods: now, or in a window of the outlook.

    now      the largest value / per pod           ahead    the largest q-quantile / per pod

A policy with one demand has no resources; then it is that demand, without a name. Where two ask for the same, the first
one of the policy binds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgewarm.decide.situation import Situation, Verdict
from edgewarm.model.load import Binding, Load
from edgewarm.model.quantiles import Outlook, Quantiles
from edgewarm.model.reasons import Reason

Window = Callable[[Outlook], Quantiles | None]
"""One window of an outlook; None where it has none such."""

FORECAST_REASONS = frozenset({Reason.FORECAST, Reason.FORECAST_HOLD})
BY_DEMAND = FORECAST_REASONS | {Reason.REACTIVE_FLOOR, Reason.DEMAND_CENSORED, Reason.REACTIVE_ANSWER}
NOT_DEMAND = frozenset(
    {
        Reason.SCHEDULE_MINIMUM,
        Reason.SCHEDULE_MAXIMUM,
        Reason.MIN_REPLICAS,
        Reason.FALLBACK,
        Reason.BLIND,
        Reason.RESTARTED,
        Reason.LEARNING,
        Reason.PAUSED,
    }
)


def lead(outlook: Outlook) -> Quantiles:
    """The window that begins when a pod decided now is ready."""
    return outlook.lead


def hold(outlook: Outlook) -> Quantiles:
    """From now until a removed pod could be back."""
    return outlook.hold


WINDOWS = {Reason.FORECAST: lead, Reason.FORECAST_HOLD: hold}


def load_now(situation: Situation) -> Load | None:
    """The one that asks for the most pods now, of those that are known; None while none is."""
    return _most([(load.pods, load) for load in situation.parts if load.pods is not None])


def load_ahead(situation: Situation, window: Window, level: float) -> Load | None:
    """The one whose quantile of a window asks for the most pods; None without an outlook."""
    ahead = [(load, _quantiles(load, window)) for load in situation.parts]
    return _most([(found.at(level) / load.resource.per_pod, load) for load, found in ahead if found is not None])


def _most(found: Sequence[tuple[float, Load]]) -> Load | None:
    return max(found, key=lambda one: one[0])[1] if found else None


def _quantiles(load: Load, window: Window) -> Quantiles | None:
    return None if load.outlook is None else window(load.outlook)


def binding_now(situation: Situation) -> Binding | None:
    """Its demand in words."""
    if not situation.loads:
        demand = situation.demand
        return None if demand is None else Binding(demand, situation.policy.capacity_per_pod)
    load = load_now(situation)
    return None if load is None or load.demand is None else Binding.of(load.resource, load.demand)


def binding_ahead(situation: Situation, window: Window, level: float) -> Binding | None:
    """Its quantile in words."""
    if not situation.loads:
        alone = None if situation.outlook is None else window(situation.outlook)
        return None if alone is None else Binding(alone.at(level), situation.policy.capacity_per_pod)
    load = load_ahead(situation, window, level)
    quantiles = None if load is None else _quantiles(load, window)
    return None if load is None or quantiles is None else Binding.of(load.resource, quantiles.at(level))


def binding_resource(situation: Situation, verdict: Verdict) -> str | None:
    """The name of the resource behind a verdict, though its pace or a maximum be limited.

    None where the policy has no resources, and where something else than demand set the number.
    """
    if not situation.loads or verdict.reason in NOT_DEMAND:
        return None
    window = WINDOWS.get(_asking(verdict))
    tau = situation.policy.service_level
    found = load_now(situation) if window is None else load_ahead(situation, window, tau)
    return None if found is None else found.resource.name


def _asking(verdict: Verdict) -> Reason:
    """The reason of the last rule that changed the number by what demand is or will be."""
    numbers = [0, *(candidate.wanted for candidate in verdict.candidates)]
    changed = [c.reason for before, c in zip(numbers, verdict.candidates, strict=False) if c.wanted != before]
    return next((reason for reason in reversed(changed) if reason in BY_DEMAND), Reason.REACTIVE_FLOOR)
