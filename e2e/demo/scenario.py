"""What is played: an app whose steepest rise is minutes away, and two arms that face it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from controlplane.curves import DAY, Curve, generated, load_trace, on_last_day, shifted, steepest_rise
from rig.objects import deployment, namespace, policy, rate_of
from rig.ramps import STEEP
from rig.recorder import need_at
from rig.world import App, World

COLD_START_SECONDS = 60.0
SET_UP_SECONDS = 45.0  # from drawing the curve until the policy is applied; Prometheus is backfilled meanwhile
BEFORE_RISE_SECONDS = 180.0
AFTER_RISE_SECONDS = 150.0
PEAK_PODS = 16
PLACE = "shop"
OURS, TWIN = "checkout", "checkout-reactive"


@dataclass(frozen=True)
class Scenario:
    """The app, where its demand comes from, and when its rise begins (unix seconds)."""

    app: App
    origin: str

    @property
    def ends_at(self) -> float:
        return self.app.ramp_at + AFTER_RISE_SECONDS


def generated_scenario(now: float) -> Scenario:
    """Eight seeded days with a steep morning; documented in controlplane.curves.generated."""
    rise_at = now + SET_UP_SECONDS + BEFORE_RISE_SECONDS
    curve = generated(8, 7, now, ramp_at=rise_at % DAY, shape=STEEP)
    return Scenario(App(OURS, curve, capacity(curve, rise_at), rise_at), "seeded generator, 8 days")


def trace_scenario(path: Path, now: float) -> Scenario:
    """A recorded trace in real time: its last day, from three minutes before the steepest rise of its median day."""
    trace = load_trace(path)
    rise = steepest_rise(trace)
    rise_at = now + SET_UP_SECONDS + BEFORE_RISE_SECONDS
    curve = shifted(trace, align=on_last_day(trace, rise.second_of_day), to=rise_at)
    return Scenario(App(OURS, curve, capacity(curve, rise_at), rise_at), f"{path.name}, its last day in real time")


def capacity(curve: Curve, rise_at: float) -> float:
    """Demand that one pod serves, so that the rise ends near PEAK_PODS pods; two significant digits."""
    peak = max(curve.at(rise_at + second) for second in range(0, int(AFTER_RISE_SECONDS), 10))
    return float(f"{max(peak, 1e-6) / PEAK_PODS:.2g}")


def raise_curtain(here: World, scenario: Scenario) -> None:
    """Two Deployments with the same demand and the same cold start, one policy each."""
    app = scenario.app
    replicas = need_at(app.curve, app.capacity, time.time()) + 1
    cold_start = f"{COLD_START_SECONDS:.0f}s"
    here.kubectl.apply(
        namespace(PLACE),
        deployment(PLACE, OURS, replicas, cold_start),
        deployment(PLACE, TWIN, replicas, cold_start),
    )
    horizon = {"predictionHorizon": cold_start}  # used until the operator has measured a start itself
    query = rate_of(OURS)
    here.kubectl.apply(
        policy(PLACE, OURS, query, app.capacity, mode="Act", forecast=horizon),
        policy(PLACE, TWIN, query, app.capacity, mode="Act", forecast=horizon, scaling={"strategy": "Reactive"}),
    )
