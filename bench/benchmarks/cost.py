"""Pods for a demand: the operator's own engine against every peer, on every trace and at three values of kappa.

    ratio      = our cost / that of the best peer, its setting chosen in hindsight on this trace for this kappa
    hindsight  = our cost at kappa / the least of our costs at kappa with the level of any of `LEVELS_OF`

The second is the price of the default rule tau = kappa / (1 + kappa): what a user who knew the test span could have
saved by another fixed level. Ours is given kappa only. Of traces longer than three weeks the last three are replayed.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import code_of, kept
from benchmarks.scores import DRAWS
from benchmarks.traces import Recorded, present
from edgewarm.cli.replaying import quiet_engine
from edgewarm.model.demand import DemandRequest
from edgewarm.model.identity import TargetRef
from edgewarm.model.policy import Policy
from edgewarm.replay.comparison import Rival
from edgewarm.replay.costs import Cost, costs
from edgewarm.replay.passes import Rhythm, replayed
from edgewarm.replay.peers import PEERS, oracle, reactive
from edgewarm.replay.scene import Scene, auto_capacity
from edgewarm.replay.starts import Starts
from edgewarm.replay.trace import Trace

KAPPAS = (3.0, 10.0, 30.0)
LEVELS_OF = (1.0, 1.7, 3.0, 5.5, 10.0, 17.0, 30.0, 60.0)  # kappas whose levels are tried in hindsight: .5 to .984
HINDSIGHT = ("mongo-03", "input2", "input4", "input9", "input10")  # one run a level is an hour for all traces
LEAD_SECONDS = 120.0
TRAINING_DAYS, MOST_DAYS, DAY_SECONDS = 7, 21, 86_400
OUR_ROOMS = ("model", "forecast", "decide", "learn", "engine", "api", "manifests", "replay")

Say = Callable[[str], None]


def run(folder: Path | None, names: Collection[str], say: Say) -> dict[str, Any]:
    """Every trace that the folder has, one after the other; what is kept from a run before is not done again."""
    found, notes = present(folder, names)
    traces = [] if folder is None else [_of(item, folder, say) for item in found]
    return {"kappas": KAPPAS, "lead_seconds": LEAD_SECONDS, "traces": traces, "notes": notes}


def _of(item: Recorded, folder: Path, say: Say) -> dict[str, Any]:
    scene = scene_of(item.read(folder))
    peers = kept(f"{item.name}-peers", (*_facts(scene), code_of("replay")), lambda: _peers(scene, item.name, say))
    tried = LEVELS_OF if item.name in HINDSIGHT else KAPPAS
    ours = {f"{kappa:g}": _ours(scene, item.name, kappa, say) for kappa in tried}
    days = (scene.rows - scene.begin) * scene.step_seconds / DAY_SECONDS
    return {"trace": item.name, "source": item.source, "test_days": days, "ours": ours, **peers}


def scene_of(trace: Trace) -> Scene:
    """The last three weeks; training is half of them, at most seven days."""
    day = round(DAY_SECONDS / trace.step_seconds)
    cut = max(0, len(trace.values) - MOST_DAYS * day)
    trace = dataclasses.replace(trace, first=trace.first + cut, values=trace.values[cut:])
    begin = min(TRAINING_DAYS * day, len(trace.values) // 2)
    return Scene(trace, begin, auto_capacity(trace.values[:begin]), Starts(LEAD_SECONDS))


def _facts(scene: Scene) -> tuple[object, ...]:
    return scene.trace.values.tobytes(), scene.trace.first, scene.begin, scene.capacity, scene.starts, scene.bounds


def _ours(scene: Scene, name: str, kappa: float, say: Say) -> dict[str, float]:
    def work() -> dict[str, float]:
        say(f"{name}: edgewarm, kappa {kappa:g}")
        rhythm = Rhythm.of(scene.step_seconds)
        with quiet_engine():
            course = asyncio.run(replayed(scene, dataclasses.replace(policy_of(scene), kappa=kappa), rhythm))
        return dataclasses.asdict(costs(scene, course)[0])

    found: dict[str, float] = kept(f"{name}-kappa-{kappa:g}", (*_facts(scene), kappa, code_of(*OUR_ROOMS)), work)
    return found


def policy_of(scene: Scene) -> Policy:
    """What a user writes, and nothing more."""
    target, asked = TargetRef("apps/v1", "Deployment", "replayed"), DemandRequest("replay", query="demand")
    return Policy(
        target, asked, scene.capacity, bounds=scene.bounds, prediction_horizon_seconds=scene.starts.median_seconds
    )


def _peers(scene: Scene, name: str, say: Say) -> dict[str, Any]:
    """By kappa: each peer's best setting with its cost, and the limit."""
    best: dict[str, dict[str, Any]] = {f"{kappa:g}": {} for kappa in KAPPAS}
    for peer in PEERS:
        say(f"{name}: {peer.title}")
        rival = Rival.of(peer, scene)
        for kappa in KAPPAS:
            at = rival.best(kappa)
            best[f"{kappa:g}"][peer.title] = {"knobs": rival.plans.labels[at], **dataclasses.asdict(rival.costs[at])}
    limits = {f"{kappa:g}": dataclasses.asdict(costs(scene, oracle.course(scene, kappa))[0]) for kappa in KAPPAS}
    shadow = dataclasses.asdict(costs(scene, reactive.course(scene, policy_of(scene)))[0])
    return {"peers": best, "oracle": limits, "reactive": shadow}


def total(found: Mapping[str, Any], kappa: float) -> float:
    """Idle pod-minutes and kappa times those that were missing."""
    return float(found["idle"]) + kappa * float(found["short"])


def best_peer(trace: Mapping[str, Any], kappa: float) -> tuple[str, float]:
    """The cheapest peer on a trace and what it cost."""
    peers = trace["peers"][f"{kappa:g}"]
    name = min(peers, key=lambda peer: total(peers[peer], kappa))
    return name, total(peers[name], kappa)


def ratio(trace: Mapping[str, Any], kappa: float) -> float:
    """Our cost by that of the best peer."""
    return total(trace["ours"][f"{kappa:g}"], kappa) / best_peer(trace, kappa)[1]


def over_traces(ratios: Sequence[float], seed: int = 7) -> tuple[float, float, float]:
    """Geometric mean; 2.5 % and 97.5 % of it over as many traces drawn with replacement (Efron's bootstrap, 1979)."""
    logs = np.log(ratios)
    drawn = np.random.default_rng(seed).choice(logs, (DRAWS, len(logs))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.exp(logs.mean())), float(np.exp(low)), float(np.exp(high))


def by_source(traces: Sequence[Mapping[str, Any]], kappa: float) -> dict[str, tuple[str, list[float]]]:
    """The peer that is best in the mean of a data set (its knobs per trace), and our ratio to it on each trace."""
    found = {}
    for source in dict.fromkeys(trace["source"] for trace in traces):
        mine = [trace for trace in traces if trace["source"] == source]
        peers = [trace["peers"][f"{kappa:g}"] for trace in mine]
        mean = {name: np.mean([total(p[name], kappa) / p[name]["needed"] for p in peers]) for name in peers[0]}
        best = min(mean, key=lambda name: float(mean[name]))
        ours = [total(trace["ours"][f"{kappa:g}"], kappa) for trace in mine]
        found[source] = (best, [own / total(p[best], kappa) for own, p in zip(ours, peers, strict=True)])
    return found


def hindsight(trace: Mapping[str, Any], kappa: float) -> float | None:
    """What the default rule costs more than the best fixed level; None where only the kappas themselves were run."""
    if len(trace["ours"]) <= len(KAPPAS):
        return None
    least = min(total(found, kappa) for found in trace["ours"].values())
    return total(trace["ours"][f"{kappa:g}"], kappa) / least


def best_level(trace: Mapping[str, Any], kappa: float) -> float:
    """The kappa whose level would have been best."""
    return float(min(trace["ours"], key=lambda name: total(trace["ours"][name], kappa)))


def per_needed(found: Mapping[str, Any], kappa: float) -> float:
    """Cost of a pod-minute that was needed."""
    return Cost(**{name: value for name, value in found.items() if name != "knobs"}).per_needed(kappa)
