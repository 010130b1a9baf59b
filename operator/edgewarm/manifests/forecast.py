"""The answers of GET /forecasts: what is expected, how sure that is, how many pods it asks for, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgewarm.decide.explanation import expectation
from edgewarm.decide.newsvendor import held, need
from edgewarm.forecast.explain import DRIVERS, Explanation
from edgewarm.manifests.policy_status import Confidence, LeadTime
from edgewarm.manifests.text import pods, present
from edgewarm.model.demand import Measured, Missing, Reading
from edgewarm.model.identity import Key, Part
from edgewarm.model.numbers import ResourceNumbers
from edgewarm.model.policy import Model
from edgewarm.model.quantiles import Quantiles
from edgewarm.model.units import format_time

INTERVALS = {"interval68": (0.16, 0.84), "interval95": (0.025, 0.975)}
CURVE_NOTE = "Steps at gridSeconds are forecast; those between are linear between their neighbours."


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected at one time, and why: an explanation for each level that is explained."""

    name: str
    seconds: float
    at: float
    quantiles: Quantiles
    why: tuple[Explanation, ...] = ()


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """All that is told of one policy; `seen_at` is the time of the last step that the model has seen.

    Of a policy with `resources` it is about the one named `resource`. Another `model` than Fleet gives no explanation;
    of an intermittent series there are `chances` instead, P that anything is asked by horizon. `cycle` is what the data
    repeats: steps and strength. `parts` are those of a demand that is split, now and in the lead window.
    """

    policy: Key
    now: float
    reading: Reading
    seen_at: float
    step_seconds: float
    capacity: float
    service_level: float
    lead: LeadTime
    confidence: Confidence | None
    horizons: tuple[Ahead, ...]
    curve: tuple[Ahead, ...]
    grid_seconds: tuple[float, ...]
    model: str = Model.FLEET
    chances: Mapping[str, float] = field(default_factory=dict)
    cycle: tuple[float, float] | None = None
    parts: Mapping[Part, ResourceNumbers] = field(default_factory=dict)
    resource: str | None = None
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One policy of the list, with the reason and message of its Ready condition."""

    policy: Key
    reason: str
    message: str


def forecast_list(listed: Iterable[Listed]) -> dict[str, Any]:
    """The answer of GET /forecasts."""
    return {
        "forecasts": [
            {
                "namespace": one.policy.namespace,
                "policy": one.policy.name,
                "path": f"/forecasts/{one.policy}",
                "reason": one.reason,
                "message": one.message,
            }
            for one in listed
        ]
    }


def forecast_answer(report: ForecastReport) -> dict[str, Any]:
    """The answer for one policy; demand is in the unit of its query, times are RFC 3339."""
    reading, sure = report.reading, report.confidence
    return present(
        namespace=report.policy.namespace,
        policy=report.policy.name,
        resource=report.resource,
        resources=list(report.resources) or None,
        model=report.model,
        at=format_time(report.now),
        **_reading(reading),
        needNow=pods(need(reading.value, report.capacity)) if isinstance(reading, Measured) else None,
        capacityPerPod=_figure(report.capacity),
        serviceLevel=_figure(report.service_level),
        leadTime=_lead(report.lead),
        confidence=None if sure is None else {"value": _figure(sure.value), "acting": sure.acting},
        cycle=_cycle(report),
        seenAt=format_time(report.seen_at),
        stepSeconds=report.step_seconds,
        horizons=[_horizon(one, report) for one in report.horizons],
        parts=[_part(part, one) for part, one in report.parts.items()] or None,
        curve={
            "note": CURVE_NOTE,
            "gridSeconds": list(report.grid_seconds),
            "minutes": [_expected(one, report) for one in report.curve],
        },
    )


def _reading(reading: Reading) -> dict[str, Any]:
    if isinstance(reading, Missing):
        return {"missing": {"reason": reading.kind.value, "message": reading.message}}
    return {"demand": _figure(reading.value)}


def _cycle(report: ForecastReport) -> dict[str, float] | None:
    if report.cycle is None:
        return None
    steps, strength = report.cycle
    return {"seconds": _figure(steps * report.step_seconds), "strength": _figure(strength)}


def _part(part: Part, one: ResourceNumbers) -> dict[str, Any]:
    """In the lead window; no quantiles where nothing is forecast."""
    levels = {f"p{level * 100:g}": _figure(value) for level, value in one.forecast.items()}
    demand = None if one.demand is None else _figure(one.demand)
    return present(by=str(part.by), value=part.value, demand=demand, **levels)


def _lead(lead: LeadTime) -> dict[str, Any]:
    source = "Measured" if lead.measured else "Default"
    return {"p50Seconds": lead.p50_seconds, "p90Seconds": lead.p90_seconds, "starts": lead.starts, "source": source}


def _horizon(one: Ahead, report: ForecastReport) -> dict[str, Any]:
    levels = {f"p{level * 100:g}": _figure(value) for level, value in _pairs(one.quantiles)}
    why = [_why(found, one.at) for found in one.why]
    chance = report.chances.get(one.name)
    asked = {} if chance is None else {"probabilityOfDemand": _figure(chance)}
    return {"horizon": one.name, **_expected(one, report), **asked, "quantiles": levels, "why": why}


def _expected(one: Ahead, report: ForecastReport) -> dict[str, Any]:
    """Median, p90, both intervals, and the pods that they ask for."""
    found = one.quantiles
    bounds = {name: (found.at(low), found.at(high)) for name, (low, high) in INTERVALS.items()}
    levels = {"p50": 0.5, "p90": 0.9, "serviceLevel": report.service_level}
    return {
        "seconds": round(one.seconds),
        "at": format_time(one.at),
        "p50": _figure(found.at(0.5)),
        "p90": _figure(found.at(0.9)),
        **{name: {"low": _figure(low), "high": _figure(high)} for name, (low, high) in bounds.items()},
        "need": {name: pods(held(found, level, report.capacity)) for name, level in levels.items()},
    }


def _pairs(found: Quantiles) -> Iterable[tuple[float, float]]:
    return zip(found.levels, found.values, strict=True)


def _why(found: Explanation, at: float) -> dict[str, Any]:
    parts: dict[str, list[dict[str, Any]]] = {}
    for source, amount in found.parts:
        if amount:
            told = present(expert=source.expert, feature=source.feature or None, amount=_figure(amount))
            parts.setdefault(source.driver, []).append(told)
    contributions = [
        {"name": name, "text": DRIVERS[name], "amount": _figure(amount), "parts": parts.get(name, [])}
        for name, amount in found.drivers.items()
    ]
    return {
        "level": f"p{found.level * 100:g}",
        "value": _figure(found.total),
        "sentence": expectation(found, at),
        "contributions": contributions,
    }


def _figure(value: float) -> float:
    """Nine digits: sums of contributions stay exact to one in a million, and the answer stays short."""
    return float(f"{value:.9g}")
