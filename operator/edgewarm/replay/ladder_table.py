"""The ladder at a service level beside replicas only and no warming at the same one, for a terminal and a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from edgewarm.replay.account import Level, Sums
from edgewarm.replay.ladder import Ladder
from edgewarm.replay.tables import aligned

HEADS = (
    "policy",
    "cost",
    "cold",
    "held",
    "idle",
    "starting",
    "standby",
    "starts/h",
    "promoted",
    "parked",
    "at the same cold share",
)
LEGEND = (
    "Cost, held and, by what the pods do, idle (replicas that serve), starting and standby are pod-minutes per needed "
    "pod-minute. In cost a standby counts rungs.standby.holdingCost, in held it counts whole.",
    "The other two have the ladder's cold share: their knobs were chosen for it in hindsight, and the numbers are the "
    "mix in time of the two nearest settings that were tried.",
)


def ladder_table(found: Ladder) -> str:
    """One kappa."""
    head = f"the ladder, kappa {found.kappa:g}, a standby at {found.price:g} of an idle pod"
    return "\n".join([head, *aligned([HEADS, *(_cells(*row, found) for row in _rows(found))])])


def ladder_numbers(found: Ladder) -> dict[str, Any]:
    """The same and more: all sums of each."""
    return {
        name: {
            **asdict(sums),
            "cold_request_share": sums.cold_share,
            "held_pod_minutes": sums.held,
            "starts_per_hour": sums.starts_per_hour,
            "cost_pod_minutes": sums.cost(found.kappa, found.price),
            "knobs": knobs,
        }
        for name, sums, knobs in _rows(found)
    }


def _rows(found: Ladder) -> Iterator[tuple[str, Sums, str]]:
    yield "ladder", found.ladder, ""
    yield "replicas only", found.replicas.sums, _knobs("kappa", found.replicas)
    yield "no warming", found.reactive.sums, _knobs("utilisation", found.reactive)


def _knobs(name: str, level: Level) -> str:
    told = f"{name} {' to '.join(f'{knob:g}' for knob in level.knobs)}"
    return told if level.reached else f"{told}: not reached, this is its least"


def _cells(name: str, sums: Sums, knobs: str, found: Ladder) -> tuple[str, ...]:
    shares = (sums.held, sums.idle, sums.starting, sums.standby)
    return (
        name,
        f"{sums.cost(found.kappa, found.price) / (sums.needed or 1.0):.3f}",
        f"{sums.cold_share:.3%}",
        *(f"{share / (sums.needed or 1.0):.3f}" for share in shares),
        f"{sums.starts_per_hour:.1f}",
        f"{sums.promotions:.0f}",
        f"{sums.parkings:.0f}",
        knobs,
    )
