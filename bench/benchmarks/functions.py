"""Scale to zero: who is warm when, against keep-alive policies tuned in hindsight, and whether P means what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress

from benchmarks import calibration
from benchmarks.sleepers import AZURE, FIRST_MINUTE, MINUTES, TEST_FROM, Sleepers, azure, generated
from edgewarm.forecast.hazard import HazardFleet
from edgewarm.model.demand import BoolArray, FloatArray
from edgewarm.replay.keepalive import HybridHistogram, Score, fixed_keep_alive, hazard_policy, score

KAPPAS = (5, 10, 20, 60)
FIXED = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 60, 120, 240)
RANGES = (30, 60, 120, 240, 480)
FALLBACK = 10
WINDOWS = (5, 15)
ROWS, QUICK_ROWS = 500, 60
TEST = slice(TEST_FROM, MINUTES)


@dataclass(frozen=True)
class Told:
    """What the fleet said before each minute: P (N, T), within windows {b: (N, T)}, and who sleeps (N,).

    `pit` (N, T) is of demand, `size_pit` (N, T) of its size where there was any.
    """

    probability: FloatArray
    within: dict[int, FloatArray]
    pit: FloatArray
    size_pit: FloatArray
    sleeps: BoolArray


def run(folder: Path | None, quick: bool, progress: Progress) -> dict[str, Any]:
    """Both sets; the recorded one is skipped, saying so, where it is absent."""
    sets, notes = [generated(QUICK_ROWS if quick else ROWS)], []
    if folder is not None and (folder / AZURE).exists():
        sets.append(azure(folder))
    else:
        notes.append(f"No recorded functions: {AZURE} is not below --traces DIR or EDGEWARM_TRACES.")
    return {"kappas": KAPPAS, "sets": {item.name: _measured(item, progress) for item in sets}, "notes": notes}


def _measured(item: Sleepers, progress: Progress) -> dict[str, Any]:
    task = progress.add_task(f"{len(item.demand)} functions, {item.name}", total=MINUTES)
    told = told_before(item.demand, lambda: progress.advance(task))
    every = np.ones(len(item.demand), dtype=bool)
    groups = {"all": every} if item.held_out.all() else {"all": every, "held out": item.held_out}
    return {
        "functions": len(item.demand),
        "arrivals": int((item.demand[:, TEST] > 0).sum()),
        "intermittent": int(told.sleeps.sum()),
        "groups": {name: {"functions": int(rows.sum()), **compared(item, told, rows)} for name, rows in groups.items()},
        "calibration": _calibrated(item.demand, told),
    }


def told_before(demand: FloatArray, advance: Callable[[], None]) -> Told:
    """One run over (N, T), each minute told from the minutes before it."""
    rows, minutes = demand.shape
    fleet, random = HazardFleet(rows), np.random.default_rng(3)
    probability, pit, size_pit = (np.full((rows, minutes), np.nan) for _ in range(3))
    within = {window: np.full((rows, minutes), np.nan) for window in WINDOWS}
    for minute, values in enumerate(demand.T):
        if minute:
            probability[:, minute] = fleet.probability()
        if minute >= TEST_FROM:
            pit[:, minute] = calibration.pit(values, fleet.quantiles(calibration.LEVELS), random)
            size_pit[:, minute] = calibration.pit(values, fleet.sizes(calibration.LEVELS), random)
        if minute >= TEST_FROM and minute % 5 == 0:
            ahead = fleet.within(max(WINDOWS))
            for window, told in within.items():
                told[:, minute] = ahead[:, window - 1]
        fleet.update(FIRST_MINUTE + minute, values)
        advance()
    return Told(probability, within, pit, size_pit, fleet.intermittent())


def compared(item: Sleepers, told: Told, rows: BoolArray) -> dict[str, Any]:
    """By kappa: the hazard, and the best member of each family of peers in hindsight."""
    arrivals = item.demand[rows] > 0
    families = _peers(arrivals)
    result = []
    for kappa in KAPPAS:
        ours = score(arrivals[:, TEST], hazard_policy(told.probability[rows][:, TEST], kappa))
        best = {family: min(members, key=lambda pair: pair[1].cost(kappa)) for family, members in families.items()}
        peers = {family: {"knob": knob, **_row(found, kappa)} for family, (knob, found) in best.items()}
        ratios = {family: ours.cost(kappa) / found.cost(kappa) for family, (_, found) in best.items()}
        result.append({"kappa": kappa, "hazard": _row(ours, kappa), "peers": peers, "ratios": ratios})
    return {"by_kappa": result}


def _peers(arrivals: BoolArray) -> dict[str, list[tuple[str, Score]]]:
    """Families of policies, each member with its knob."""

    def judged(warm: BoolArray) -> Score:
        return score(arrivals[:, TEST], warm[:, TEST])

    fixed = zip(FIXED, fixed_keep_alive(arrivals, np.array(FIXED)), strict=True)
    paper = [(f"{bins} min", judged(HybridHistogram(bins).warm(arrivals))) for bins in RANGES]
    tuned = [
        (f"{bins} min, else {FALLBACK}", judged(HybridHistogram(bins, fallback=FALLBACK).warm(arrivals)))
        for bins in RANGES
    ]
    return {
        "fixed keep-alive": [(f"{minutes} min", judged(warm)) for minutes, warm in fixed],
        "hybrid histogram": paper,
        "hybrid, fallback tuned too": paper + tuned,
    }


def _row(found: Score, kappa: float) -> dict[str, float]:
    return {
        "cost": found.cost(kappa),
        "cold": found.cold,
        "idle": found.idle,
        "precision": found.precision,
        "recall": found.recall,
        "f1": found.f1,
    }


def _calibrated(demand: FloatArray, told: Told) -> dict[str, Any]:
    """Reliability of P for the next minute and within windows, and PIT of demand: sleepers, and everything."""
    came = demand > 0
    tables = {"next minute": calibration.reliability(told.probability[:, TEST].ravel(), came[:, TEST].ravel())}
    for window, said in told.within.items():
        minutes = [minute for minute in range(TEST_FROM, MINUTES - window + 1) if minute % 5 == 0]
        within = np.stack([came[:, minute : minute + window].any(axis=1) for minute in minutes], axis=1)
        tables[f"within {window} min"] = calibration.reliability(said[:, minutes].ravel(), within.ravel())
    found = {}
    for name, rows in (("intermittent", told.sleeps), ("the others", ~told.sleeps)):
        found[f"demand, {name}"] = told.pit[rows][:, TEST].ravel()
        found[f"size, {name}"] = told.size_pit[rows][:, TEST][came[rows][:, TEST]]
    shares = {name: calibration.pit_shares(u) for name, u in found.items() if len(u) >= calibration.ENOUGH}
    return {
        "reliability": {name: calibration.described(bins) for name, bins in tables.items()},
        "pit": {
            name: {"shares": part.tolist(), "worst_points": float(100 * np.abs(part - 0.1).max())}
            for name, part in shares.items()
        },
    }
