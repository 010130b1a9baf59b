"""The status of a WarmingPolicy from what a pass found out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgewarm.learn.confidence import Block
from edgewarm.manifests.condition import conditions
from edgewarm.manifests.lead_times import StageLead, lead_times
from edgewarm.manifests.text import clipped, percent, pods, present, short_duration, short_number
from edgewarm.model.conditions import Condition
from edgewarm.model.rungs import RungCount
from edgewarm.model.units import format_time


@dataclass(frozen=True, slots=True)
class Replicas:
    """Pods that the workload asks for, that are ready, and that the rules chose; None is unknown."""

    current: int | None = None
    ready: int | None = None
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class HorizonNeed:
    """Pods that suffice in 50 and in 90 of 100 cases, `seconds` ahead; `horizon` is "lead", "5m", "15m", ..."""

    horizon: str
    seconds: float
    p50: int
    p90: int


@dataclass(frozen=True, slots=True)
class ResourceNeed:
    """Demand for one resource in the unit of its query, and the pods that it asks for alone, now and ahead (p90)."""

    name: str
    demand: float | None
    need: int | None
    forecast_need: int | None


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Quantiles of the lead time in seconds; `measured` is False while the policy's default stands in."""

    p50_seconds: float
    p90_seconds: float
    starts: int
    measured: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """Pod-minutes since `since`; costs in idle pod-minutes; shares 0..1, None where their divisor is 0."""

    since: float
    simulated: bool
    samples: int
    raised: float
    used: float
    short: float
    idle: float
    promised: float
    cost: float
    reactive_cost: float
    hits: int
    false_positives: int
    misses: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    kept_promise: float | None = None
    saving: float | None = None
    coverage_p90: float | None = None


@dataclass(frozen=True, slots=True)
class Confidence:
    """P(following the forecast pays), from which on it is acted on, and the blocks that it comes from."""

    value: float
    threshold: float
    blocks: tuple[Block, ...] = ()

    @property
    def acting(self) -> bool:
        return self.value >= self.threshold


@dataclass(frozen=True, slots=True)
class RungTotal:
    """One rung over all nodes."""

    rung: str
    wanted: int
    warm: int
    warming: int
    reason: str


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """All that a policy's status says; None is unknown and stays out of it."""

    generation: int
    conditions: tuple[Condition, ...]
    reason: str | None = None
    summary: str | None = None
    demand: float | None = None
    replicas: Replicas | None = None
    need: int | None = None
    horizons: tuple[HorizonNeed, ...] = ()
    forecast_need: int | None = None
    forecast_model: str | None = None
    lead_time: LeadTime | None = None
    stage_leads: tuple[StageLead, ...] = ()
    last_decision: str | None = None
    scores: Scores | None = None
    confidence: Confidence | None = None
    resource: str | None = None
    resources: tuple[ResourceNeed, ...] = ()
    rungs: tuple[RungTotal, ...] = ()
    nodes: tuple[RungCount, ...] = ()


def policy_status(report: PolicyReport) -> dict[str, Any]:
    """The value of `status`."""
    return present(
        observedGeneration=report.generation,
        conditions=conditions(report.conditions),
        reason=report.reason,
        summary=None if report.summary is None else clipped(report.summary, 1024),
        demand=None if report.demand is None else short_number(report.demand),
        replicas=None if report.replicas is None else _replicas(report.replicas),
        need=None if report.need is None else pods(report.need),
        bindingResource=report.resource,
        resources=[_resource(entry) for entry in report.resources] or None,
        forecast=[_horizon(entry) for entry in report.horizons] or None,
        forecastNeed=None if report.forecast_need is None else pods(report.forecast_need),
        forecastModel=report.forecast_model,
        leadTime=None if report.lead_time is None else _lead_time(report.lead_time),
        leadTimes=lead_times(report.stage_leads),
        rungs=[_rung(total) for total in report.rungs] or None,
        nodes=[_node(count) for count in report.nodes] or None,
        lastDecision=report.last_decision,
        confidence=None if report.confidence is None else _confidence(report.confidence),
        scores=None if report.scores is None else _scores(report.scores),
    )


def _rung(total: RungTotal) -> dict[str, Any]:
    counts = {"wanted": pods(total.wanted), "warm": pods(total.warm), "warming": pods(total.warming)}
    return {"rung": total.rung, **counts, "reason": total.reason}


def _node(count: RungCount) -> dict[str, Any]:
    counts = {"wanted": pods(count.wanted), "warm": pods(count.warm), "warming": pods(count.warming)}
    return {"node": count.place.node, "rung": str(count.place.rung), **counts}


def _replicas(counts: Replicas) -> dict[str, Any]:
    return present(current=counts.current, ready=counts.ready, wanted=counts.wanted)


def _resource(found: ResourceNeed) -> dict[str, Any]:
    return present(
        name=found.name,
        demand=None if found.demand is None else short_number(found.demand),
        need=None if found.need is None else pods(found.need),
        forecastNeed=None if found.forecast_need is None else pods(found.forecast_need),
    )


def _horizon(need: HorizonNeed) -> dict[str, Any]:
    return {
        "horizon": need.horizon,
        "seconds": round(need.seconds),
        "needP50": pods(need.p50),
        "needP90": pods(need.p90),
    }


def _lead_time(lead: LeadTime) -> dict[str, Any]:
    return {
        "text": short_duration(lead.p90_seconds),
        "p50Seconds": round(lead.p50_seconds),
        "p90Seconds": round(lead.p90_seconds),
        "starts": lead.starts,
        "source": "Measured" if lead.measured else "Default",
    }


def _confidence(found: Confidence) -> dict[str, Any]:
    return present(
        value=percent(found.value),
        threshold=percent(found.threshold),
        acting=found.acting,
        blocks=[_block(b) for b in found.blocks] or None,
    )


def _block(block: Block) -> dict[str, Any]:
    return {
        "start": format_time(block.start),
        "gain": short_number(block.gain),
        "saved": short_number(block.saved),
        "source": "Backtest" if block.backtest else "Live",
    }


def _scores(scores: Scores) -> dict[str, Any]:
    minutes = {
        "raisedPodMinutes": scores.raised,
        "usedPodMinutes": scores.used,
        "shortPodMinutes": scores.short,
        "idlePodMinutes": scores.idle,
        "promisedPodMinutes": scores.promised,
        "cost": scores.cost,
        "reactiveCost": scores.reactive_cost,
    }
    shares = present(
        saving=scores.saving,
        precision=scores.precision,
        recall=scores.recall,
        f1=scores.f1,
        keptPromise=scores.kept_promise,
        coverageP90=scores.coverage_p90,
    )
    return {
        "since": format_time(scores.since),
        "simulated": scores.simulated,
        "samples": scores.samples,
        **{name: short_number(value) for name, value in minutes.items()},
        **{name: percent(value) for name, value in shares.items() if isinstance(value, float)},
        "hits": scores.hits,
        "falsePositives": scores.false_positives,
        "misses": scores.misses,
    }
