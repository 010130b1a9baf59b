"""After a restart: scores and lead times go on from the policy's own status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgewarm.engine.book import Score
from edgewarm.engine.stage_leads import stage_times
from edgewarm.learn.confidence import Block, Blocks
from edgewarm.learn.evaluation import Tally
from edgewarm.learn.lead_times import LeadTimes
from edgewarm.learn.promises import Promises
from edgewarm.learn.shortages import Shortages
from edgewarm.learn.stage_times import StageTimes
from edgewarm.model.decision import Outcome
from edgewarm.model.objects import PolicyObject
from edgewarm.model.units import parse_quantity, parse_time


def resumed(item: PolicyObject, fresh: Score) -> tuple[Score, LeadTimes, StageTimes, Blocks]:
    """All that an earlier life learned; `fresh` is the score that begins now. Raises where the status is not ours."""
    return score(item, fresh.since, fresh.simulated), lead_times(item), stage_times(item), Blocks(blocks(item))


def lead_times(item: PolicyObject) -> LeadTimes:
    """The measured lead time of an earlier life; none if it was only the default."""
    saved = item.status.get("leadTime") or {}
    if saved.get("source") != "Measured":
        return LeadTimes()
    restored = (float(saved.get("p50Seconds", 0)), float(saved.get("p90Seconds", 0)))
    return LeadTimes((), int(saved.get("starts", 0)), restored)


def blocks(item: PolicyObject) -> tuple[Block, ...]:
    """The blocks behind the confidence of an earlier life."""
    saved = (item.status.get("confidence") or {}).get("blocks") or ()
    return tuple(
        Block(
            parse_time(entry["start"]),
            float(parse_quantity(entry["gain"])),
            float(parse_quantity(entry["saved"])),
            entry.get("source") == "Backtest",
        )
        for entry in saved
    )


def score(item: PolicyObject, now: float, simulated: bool) -> Score:
    """The sums of an earlier life, unless they were of the other kind (simulated or real)."""
    saved: Mapping[str, Any] = item.status.get("scores") or {}
    if not saved or bool(saved.get("simulated")) is not simulated or "since" not in saved:
        return Score(now, simulated)
    checked = int(saved.get("samples", 0))
    held = round(checked * float(str(saved.get("coverageP90", "0%")).rstrip("%")) / 100)
    outcomes = ((Outcome.HIT, int(saved.get("hits", 0))), (Outcome.FALSE_POSITIVE, int(saved.get("falsePositives", 0))))
    return Score(
        parse_time(saved["since"]),
        simulated,
        _tally(saved),
        outcomes,
        Shortages(int(saved.get("misses", 0))),
        Promises((), checked, held),
    )


def _tally(saved: Mapping[str, Any]) -> Tally:
    """The reactive answer's cost is saved as one number, so all of it comes back as idle pod-minutes."""

    def sum_of(name: str) -> float:
        return float(parse_quantity(str(saved.get(name, 0))))

    return Tally(
        raised=sum_of("raisedPodMinutes"),
        used=sum_of("usedPodMinutes"),
        short=sum_of("shortPodMinutes"),
        idle=sum_of("idlePodMinutes"),
        promised=sum_of("promisedPodMinutes"),
        shadow_idle=sum_of("reactiveCost"),
    )
