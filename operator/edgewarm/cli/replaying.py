"""From the options of `edgewarm replay` to a scene and a policy, and from the outcome to files."""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
import structlog

from edgewarm.api.kinds import POLICY
from edgewarm.api.objective_spec import HIGHEST_KAPPA
from edgewarm.api.parse import parse_policy
from edgewarm.api.strict import misnamed
from edgewarm.api.yaml_text import parse_yaml
from edgewarm.model.demand import DemandRequest
from edgewarm.model.errors import Invalid
from edgewarm.model.identity import TargetRef
from edgewarm.model.policy import Bounds, Model, Policy
from edgewarm.model.units import format_duration, format_time, parse_quantity
from edgewarm.replay.account import Sums
from edgewarm.replay.advice import Advice, LastWeek, advice, last_week
from edgewarm.replay.backtest import check_tested, training_steps
from edgewarm.replay.comparison import Comparison, Rival
from edgewarm.replay.ladder import Ladder, asks_for_it, climbed, compared, left_out
from edgewarm.replay.ladder_table import LEGEND, ladder_numbers, ladder_table
from edgewarm.replay.page import html
from edgewarm.replay.passes import LIVE_PASS_SECONDS, Progress, Rhythm, replayed
from edgewarm.replay.peers import PEERS, oracle, reactive
from edgewarm.replay.peers.peer import Peer
from edgewarm.replay.scene import WIDE, Scene, auto_capacity
from edgewarm.replay.spans import DAY_SECONDS, seconds_of
from edgewarm.replay.starts import Starts
from edgewarm.replay.tables import notes, numbers, scene_numbers, span, table
from edgewarm.replay.trace import Trace

DEFAULT_KAPPA = "10"
MOST_PODS = 1e9
LONG_PASSES = 2000  # of a replay: shorter ones need no progress
NOTHING = frozenset({"0", "0s"})  # of a lead time: pods that are ready at once

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What the user typed; "" and None are nothing. `starts`: lead time, sigma and seed; `replicas`: least and most."""

    capacity: str
    starts: tuple[str, float, int]
    kappas: str
    replicas: tuple[int | None, int | None]
    policy: Path | None
    baselines: str
    train: str | None
    pass_interval: str
    cold_share: float
    pod_hour_price: float | None


@dataclass(frozen=True)
class Prepared:
    """What the options mean on this trace."""

    scene: Scene
    policy: Policy
    kappas: tuple[float, ...]
    peers: Sequence[Peer]
    rhythm: Rhythm
    cold_share: float
    pod_hour_price: float | None


@dataclass(frozen=True)
class Outcome:
    """Everything that came of a replay."""

    comparison: Comparison
    advice: Advice
    last_week: LastWeek
    ladders: tuple[Ladder, ...] = ()


def prepared(trace: Trace, options: Options) -> Prepared:
    """Finds all that can be wrong with the options before anything long: Invalid for what the user must change."""
    spec = _policy(options.policy)
    scene = scene_of(trace, options, spec)
    kappas = _kappas(options.kappas or (DEFAULT_KAPPA if spec is None else f"{spec.kappa:.17g}"))
    peers, rhythm = _peers(options.baselines, scene), _rhythm(scene, options.pass_interval)
    return Prepared(scene, policy_of(scene, spec), kappas, peers, rhythm, options.cold_share, options.pod_hour_price)


def run(found: Prepared, say: Say) -> Outcome:
    """Replay ours for every kappa, and the peers once."""
    scene, policy, kappas, rhythm = found.scene, found.policy, found.kappas, found.rhythm
    for sentence in remarks(policy):
        say(sentence)
    rivals = []
    for peer in found.peers:
        say(f"{peer.title}: all settings of its knobs")
        rivals.append(Rival.of(peer, scene))
    ours = {}
    with quiet_engine():
        for kappa in kappas:
            progress = told(say, f"edgewarm, kappa {kappa:g}")
            ours[kappa] = asyncio.run(replayed(scene, replace(policy, kappa=kappa), rhythm, progress))
    shadow = reactive.course(scene, policy)
    limits = {kappa: oracle.course(scene, kappa) for kappa in kappas}
    comparison = Comparison(scene, ours, dict.fromkeys(kappas, shadow), limits, tuple(rivals))
    advised = advice(comparison, found.cold_share)
    said = last_week(scene, kappas[0], ours[kappas[0]], found.pod_hour_price)
    return Outcome(comparison, advised, said, _ladders(scene, policy, kappas, rhythm, say))


def remarks(policy: Policy) -> Iterator[str]:
    """What a replay shows otherwise than the policy says."""
    if policy.model != Model.FLEET:
        yield f"spec.forecast.model is {policy.model}: a replay forecasts with Fleet, so its numbers are those of Fleet"
    if policy.paused_until is not None:
        yield "spec.pausedUntil, or its annotation, is left out: a replay shows what the policy does when it acts"
    if policy.pool is not None:
        yield f"spec.poolRef is left out: a trace knows nothing of pool {policy.pool}, its budgets and its prices"
    omitted = left_out(policy)
    if omitted is not None:
        yield omitted
    if asks_for_it(policy):
        yield "spec.rungs.standby is in the table of the ladder; the others are of replicas alone"


def _ladders(scene: Scene, policy: Policy, kappas: Sequence[float], rhythm: Rhythm, say: Say) -> tuple[Ladder, ...]:
    def run(asked: Policy, what: str) -> Sums:
        with quiet_engine():
            return asyncio.run(climbed(scene, asked, rhythm, told(say, what)))

    return compared(policy, kappas, run)


@contextmanager
def quiet_engine() -> Iterator[None]:
    """The engine tells every decision to its log; a replay has its own words. What was configured comes back.

    The engine logs its own bugs and serves on. Here they would be wrong numbers: RuntimeError with the first of them.
    """
    bugs: list[str] = []

    def kept(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
        bugs.append(f"{event['event']}\n{event.get('exception', '')}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, kept],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )
    try:
        yield
    finally:
        structlog.configure(**before)
    if bugs:
        raise RuntimeError(f"the engine logged {len(bugs)} errors, the first: {bugs[0]}")


def told(say: Say, what: str) -> Progress:
    """A line for every tenth of a long run."""
    last = 0

    def progress(done: int, of: int) -> None:
        nonlocal last
        tenth = 10 * done // of
        if tenth > last and of >= LONG_PASSES:
            last = tenth
            say(f"{what}: {10 * tenth} % of {of} passes")

    return progress


def scene_of(trace: Trace, options: Options, spec: Policy | None) -> Scene:
    """The training part, the world and what a pod serves."""
    begin = training_steps(trace, None if options.train is None else seconds_of(options.train, "--train"))
    if not 2 <= begin < len(trace.values) - 1:
        days = len(trace.values) * trace.step_seconds / DAY_SECONDS
        told = "half of it" if options.train is None else options.train
        raise Invalid(f"--train is {told} and TRACE has {days:.3g} days: leave at least two steps on both sides")
    check_tested(trace, begin)
    starts = _starts(*options.starts, (len(trace.values) - begin) * trace.step_seconds)
    bounds = _bounds(*options.replicas, spec)
    return _check_need(Scene(trace, begin, _capacity(trace, begin, options.capacity, spec), starts, bounds))


def _starts(lead_time: str, sigma: float, seed: int, test_seconds: float) -> Starts:
    seconds = 0.0 if lead_time in NOTHING else seconds_of(lead_time, "--lead-time")
    if seconds >= test_seconds:
        span = f"the test span has {format_duration(test_seconds)}"
        raise Invalid(f"--lead-time is {lead_time}, and {span}: a pod that it starts never serves: give a shorter one")
    return Starts(seconds, sigma, seed)


def _bounds(low: int | None, high: int | None, spec: Policy | None) -> Bounds:
    if spec is not None:
        for option, value, name in (("--min-replicas", low, "min"), ("--max-replicas", high, "max")):
            if value is not None:
                raise Invalid(f"{option}: --policy has the bounds: leave it out, or set spec.scaling.{name}Replicas")
        return spec.bounds
    low, high = WIDE.low if low is None else low, WIDE.high if high is None else high
    if low > high:
        raise Invalid(f"--min-replicas is {low} and --max-replicas {high}: the least must not be above the most")
    return Bounds(low, high)


def _capacity(trace: Trace, begin: int, text: str, spec: Policy | None) -> float:
    if not text and spec is not None:
        return spec.capacity_per_pod
    if text in {"", "auto"}:
        try:
            return auto_capacity(trace.values[:begin])
        except ValueError as error:
            longer = ", or a longer --train" if (trace.values[begin:] > 0).any() else ""
            raise Invalid(f"--capacity-per-pod is auto, but {error}: give a number{longer}") from error
    try:
        value = float(parse_quantity(text))
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise Invalid(f"--capacity-per-pod is {text!r}: give a demand above 0, such as 50, or auto")
    return value


def _check_need(scene: Scene) -> Scene:
    """Pods are counted in 64 bits, also when they are summed over all rows."""
    most = float(np.nanmax(scene.trace.values)) / scene.capacity
    if most > MOST_PODS:
        what = f"a pod serves {scene.capacity:g} and demand reaches {most * scene.capacity:g}"
        raise Invalid(f"--capacity-per-pod: {what}, which is more than {MOST_PODS:g} pods: give a larger capacity")
    return scene


def policy_of(scene: Scene, spec: Policy | None) -> Policy:
    """The policy to replay, on the scene's capacity."""
    if spec is not None:
        return replace(spec, capacity_per_pod=scene.capacity)
    return Policy(
        TargetRef("apps/v1", "Deployment", scene.trace.name),
        DemandRequest("replay", query=scene.trace.name),
        scene.capacity,
        bounds=scene.bounds,
        prediction_horizon_seconds=scene.starts.median_seconds,
    )


def _policy(path: Path | None) -> Policy | None:
    if path is None:
        return None
    try:
        found = parse_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"--policy {path} cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("kind") != "WarmingPolicy":
        raise Invalid(f"--policy {path} is no WarmingPolicy: give one YAML document of that kind")
    problem = misnamed(found, POLICY)
    if problem is not None:
        raise Invalid(f"--policy {path}: {problem}")
    item = parse_policy(found)
    if item.policy is None:
        raise Invalid(f"--policy {path}: {item.problem}")
    if item.policy.resources:
        fix = "replay a copy without resources, with query and capacityPerPod of the one that TRACE holds"
        raise Invalid(f"--policy {path} has demand.resources, and TRACE has one column of demand: {fix}")
    return item.policy


def _kappas(text: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < kappa <= HIGHEST_KAPPA for kappa in found):
        raise Invalid(f"--kappa is {text!r}: give numbers above 0, at most {HIGHEST_KAPPA}, such as 10 or 3,10,30")
    return tuple(dict.fromkeys(found))


def _peers(text: str, scene: Scene) -> Sequence[Peer]:
    if text in {"all", "none"}:
        return [peer for peer in PEERS if scene.asleep or not peer.asleep] if text == "all" else ()
    known = {peer.name: peer for peer in PEERS}
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid(f"--baselines has {unknown[0]!r}: choose all, none, or some of {', '.join(known)}")
    return [known[name] for name in names]


def _rhythm(scene: Scene, text: str) -> Rhythm:
    """Where zero is in question the operator's own 15 s count; elsewhere they would know nothing new."""
    step = scene.step_seconds
    live = LIVE_PASS_SECONDS if scene.asleep and step % LIVE_PASS_SECONDS == 0 else None
    try:
        return Rhythm.of(step, seconds_of(text, "--pass") if text else live)
    except ValueError as error:
        raise Invalid(f"--pass is {text or 'not given'}: it {error}") from error


def text(outcome: Outcome) -> str:
    """What the terminal shows."""
    comparison = outcome.comparison
    tables = [table(comparison, kappa) for kappa in comparison.kappas]
    head = span(scene_numbers(comparison.scene))
    legend = (
        "Cost and idle are pod-minutes per needed pod-minute; cold is the share of demand that met no ready pod; "
        "untuned is the cost with the knobs that a peer ships with."
    )
    told_last = dict.fromkeys(notes(comparison))
    ladders = [ladder_table(found) for found in outcome.ladders]
    if ladders:
        ladders.append("\n".join(LEGEND))
    return "\n\n".join([head, *tables, "\n".join([legend, *told_last]), *ladders, "\n".join(_said(outcome))])


def _said(outcome: Outcome) -> list[str]:
    return [outcome.last_week.sentence, *(f"Suggested {sentence}" for sentence in outcome.advice.sentences)]


def write(outcome: Outcome, files: Mapping[str, IO[str]]) -> None:
    """The files that were asked for, by their options."""
    if "--json" in files:
        files["--json"].write(json.dumps(as_json(outcome), indent=1) + "\n")
    if "--plan" in files:
        _write_plan(files["--plan"], outcome.comparison)
    if "--report" in files:
        files["--report"].write(html(outcome.comparison, _said(outcome)))


def as_json(outcome: Outcome) -> dict[str, object]:
    """All numbers, the sentences and the advice."""
    found = outcome.advice
    suggestion = {"kappa": found.kappa, "min_replicas": found.low, "max_replicas": found.high}
    said = {
        "last_week": outcome.last_week.sentence,
        "last_week_money": outcome.last_week.money,
        "advice": list(found.sentences),
    }
    ladders = {f"{one.kappa:g}": ladder_numbers(one) for one in outcome.ladders}
    return {**numbers(outcome.comparison), "suggested": suggestion, **said, "ladder": ladders}


def _write_plan(file: IO[str], comparison: Comparison) -> None:
    """One row per step of the test span; demand is empty where it is unknown."""
    scene, course = comparison.scene, comparison.ours[comparison.kappas[0]]
    out = csv.writer(file)
    out.writerow(("time", "demand", "wanted", "ready"))
    for row in range(scene.begin, scene.rows):
        demand = f"{scene.trace.values[row]:.10g}" if scene.known[row] else ""
        at = format_time(scene.trace.time(row))
        out.writerow((at, demand, course.wanted[row, 0], course.ready[row, 0]))
