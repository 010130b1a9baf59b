"""Which resource asks for the most pods: now, or in a window of the outlook.

    now      the largest value / per pod           ahead    the largest q-quantile / per pod

A policy with one demand has no resources; then it is that demand, without a name. Where two ask for the same, the first
one of the policy binds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgewarm.decide.situation import Situation, Verdict
from edgewarm.model.demand import Measured
from edgewarm.model.load import Binding
from edgewarm.model.quantiles import Outlook, Quantiles
from edgewarm.model.reasons import Reason

Window = Callable[[Outlook], Quantiles | None]
"""One window of an outlook; None where it has none such."""

FORECAST_REASONS = frozenset({Reason.FORECAST, Reason.FORECAST_HOLD})


def lead(outlook: Outlook) -> Quantiles:
    """The window that begins when a pod decided now is ready."""
    return outlook.lead


def hold(outlook: Outlook) -> Quantiles:
    """From now until a removed pod could be back."""
    return outlook.hold


def binding_now(situation: Situation) -> Binding | None:
    """Of what is known of demand now; None while nothing is."""
    if not situation.loads:
        demand = situation.demand
        return None if demand is None else Binding(demand, situation.policy.capacity_per_pod)
    loads = [(load.resource, load.reading) for load in situation.loads]
    return _most([Binding.of(resource, found.value) for resource, found in loads if isinstance(found, Measured)])


def binding_ahead(situation: Situation, window: Window, level: float) -> Binding | None:
    """Of a quantile of a window; None without an outlook."""
    if not situation.loads:
        found = None if situation.outlook is None else window(situation.outlook)
        return None if found is None else Binding(found.at(level), situation.policy.capacity_per_pod)
    ahead = [(load.resource, window(load.outlook)) for load in situation.loads if load.outlook is not None]
    return _most([Binding.of(resource, quantiles.at(level)) for resource, quantiles in ahead if quantiles is not None])


def _most(found: Sequence[Binding]) -> Binding | None:
    return max(found, key=lambda binding: binding.pods, default=None)


def binding_resource(situation: Situation, verdict: Verdict) -> str | None:
    """The name of the resource behind a verdict; None where the policy has no resources, or none is known."""
    if not situation.loads:
        return None
    window = {Reason.FORECAST: lead, Reason.FORECAST_HOLD: hold}.get(verdict.reason)
    if window is None:
        found = binding_now(situation)
    else:
        found = binding_ahead(situation, window, situation.policy.service_level)
    return None if found is None else found.name
