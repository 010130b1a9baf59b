"""What a shortage is worth, in three ways that all mean one number: kappa, the price of a missing pod in idle ones.

kappa         itself
serviceLevel  tau = kappa / (1 + kappa), so kappa = tau / (1 - tau)
costs         one pod missing for one second delays one pod's work: kappa = 3600 x delayedSecond / podHour
"""

from __future__ import annotations

from typing import Annotated

from edgewarm.api.fields import (
    LEAST_QUANTITY,
    MOST_QUANTITY,
    IntOrText,
    PriceText,
    RatioText,
    is_ratio_in_cel,
    is_within,
    parse_ratio,
    quantity_above_zero,
    ratio_in_cel,
    within_in_cel,
)
from edgewarm.api.rule import Rule, Wire
from edgewarm.model.policy import DEFAULT_KAPPA
from edgewarm.model.units import parse_quantity

HIGHEST_KAPPA = 10_000
HIGHEST_LEVEL = 0.9999  # kappa 9999


def _kappa_of_costs(costs: Costs) -> float:
    """0 where one of the two is out of bounds."""
    if not (is_within(costs.delayed_second) and is_within(costs.pod_hour)):
        return 0.0
    return float(3600 * parse_quantity(costs.delayed_second) / parse_quantity(costs.pod_hour))


def _costs_in_cel() -> str:
    names = ("self.delayedSecond", "self.podHour")
    quantities = " && ".join(within_in_cel(name) for name in names)
    delayed, pod_hour = (f"quantity({name}).asApproximateFloat()" for name in names)
    return f"{quantities} && 3600.0 * {delayed} <= {HIGHEST_KAPPA}.0 * {pod_hour}"


class Costs(Wire):
    """What delay and capacity cost, in any one currency."""

    delayed_second: PriceText
    """Price of delaying the work of one pod by a second, as a quantity such as "0.0002"."""
    pod_hour: PriceText
    """Price of running one pod for an hour, as a quantity such as "0.04"."""

    rules = (
        Rule(
            f"objective.costs.delayedSecond and podHour must be quantities above {LEAST_QUANTITY} and at most "
            f"{MOST_QUANTITY}, with 3600 x delayedSecond / podHour "
            f'at most {HIGHEST_KAPPA}, such as "0.0002" and "0.04"',
            cel=_costs_in_cel(),
            holds=lambda costs: 0 < _kappa_of_costs(costs) <= HIGHEST_KAPPA,
        ),
    )


_LEVEL = "self.serviceLevel"


def _forms(objective: Objective) -> int:
    return sum(form is not None for form in (objective.kappa, objective.service_level, objective.costs))


class Objective(Wire):
    """What a shortage is worth, in exactly one of three forms."""

    kappa: Annotated[IntOrText, quantity_above_zero("objective.kappa", str(HIGHEST_KAPPA), "10")] | None = None
    """Cost of one pod missing for a minute, in idle pod-minutes. The service level is kappa / (1 + kappa): 10 holds
    what suffices in 91 of 100 cases."""
    service_level: RatioText | None = None
    """Share of cases in which the pods held should suffice, such as "95%" or "0.95", at most 99.99%; it stands for
    kappa = serviceLevel / (1 - serviceLevel)."""
    costs: Costs | None = None
    """What delay and capacity cost; it stands for kappa = 3600 x delayedSecond / podHour."""

    rules = (
        Rule(
            "set exactly one of objective.kappa, objective.serviceLevel and objective.costs, or leave out objective "
            f"for kappa {DEFAULT_KAPPA:g}",
            cel="[has(self.kappa), has(self.serviceLevel), has(self.costs)].filter(form, form).size() == 1",
            holds=lambda objective: _forms(objective) == 1,
        ),
        Rule(
            'objective.serviceLevel must be a ratio above 0 and at most 99.99%, such as "95%" or "0.95"',
            cel=f"!has({_LEVEL}) || ({is_ratio_in_cel(_LEVEL)} && "
            f"0.0 < {ratio_in_cel(_LEVEL)} && {ratio_in_cel(_LEVEL)} <= {HIGHEST_LEVEL})",
            holds=lambda o: o.service_level is None or 0 < parse_ratio(o.service_level) <= HIGHEST_LEVEL,
        ),
    )


def kappa(objective: Objective | None) -> float:
    """The one number behind all three forms; the default without any."""
    if objective is None:
        return DEFAULT_KAPPA
    if objective.service_level is not None:
        tau = parse_ratio(objective.service_level)
        return tau / (1 - tau)
    if objective.costs is not None:
        return _kappa_of_costs(objective.costs)
    return DEFAULT_KAPPA if objective.kappa is None else float(parse_quantity(objective.kappa))
