"""Small values for tests: everything has a plain default, a test names only what it is about.

The plain workload: Deployment web in namespace shop, 4 replicas, 4 ready, 50 requests/s per pod, 90 requests/s asked,
so its need is ceil(90 / 50 = 1.8) = 2, and nothing is censored (4 x 50 = 200 could be served).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from edgewarm.decide.situation import Situation
from edgewarm.engine.book import Book, Score
from edgewarm.engine.judge import Evidence, Judgement, Moment, judge
from edgewarm.model.decision import Action, DecisionRecord, Phase
from edgewarm.model.demand import DemandRequest, Measured, Missing, MissingKind, Reading
from edgewarm.model.identity import Key, TargetRef
from edgewarm.model.objects import PolicyObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.quantiles import Outlook, Quantiles, Spell
from edgewarm.model.rungs import RungName
from edgewarm.model.workload import Selector, Workload

NOW = 1_000_000.0
KEY = Key("shop", "web")
TARGET = TargetRef("apps/v1", "Deployment", "web")
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99)
BLIND = Missing(MissingKind.NO_SERIES, "the query matches nothing")


def at(text: str) -> float:
    """Unix seconds of a time such as 2026-10-25T02:30:00+02:00."""
    return datetime.fromisoformat(text).timestamp()


def policy(**overrides: Any) -> Policy:
    """A policy in mode Act for the plain workload."""
    plain: dict[str, Any] = {
        "target": TARGET,
        "demand": DemandRequest("shop", query="demand"),
        "capacity_per_pod": 50.0,
        "mode": Mode.ACT,
    }
    return Policy(**(plain | overrides))


def reading(demand: float | None) -> Reading:
    """A sample, or no series at all."""
    return BLIND if demand is None else Measured(NOW, demand)


def situation(demand: float | None = 90.0, **overrides: Any) -> Situation:
    """The plain workload with this demand; None is blind."""
    plain: dict[str, Any] = {"now": NOW, "policy": policy(), "reading": reading(demand), "current": 4}
    wanted = plain | {"lead_seconds": 60.0} | overrides
    return Situation(**({"ready": wanted["current"]} | wanted))


def quantiles(*pairs: tuple[float, float]) -> Quantiles:
    """From (level, value) pairs, rising in both."""
    return Quantiles(tuple(level for level, _ in pairs), tuple(value for _, value in pairs))


def certain(value: float) -> Quantiles:
    """The same value at every level."""
    return Quantiles(LEVELS, (value,) * len(LEVELS))


def outlook(lead: float | Quantiles, hold: float | Quantiles | None = None, **overrides: Any) -> Outlook:
    """An outlook one minute ahead; a number is expected with certainty, `hold` is `lead` unless told."""
    first = lead if isinstance(lead, Quantiles) else certain(lead)
    second = first if hold is None else hold if isinstance(hold, Quantiles) else certain(hold)
    spells = (Spell(60.0, second, served=False), Spell(600.0, first, served=True))
    plain: dict[str, Any] = {"lead_seconds": 60.0, "lead": first, "hold": second, "spells": spells}
    return Outlook(**(plain | overrides))


def workload(**overrides: Any) -> Workload:
    """The plain workload."""
    plain = Workload("shop", TARGET, "workload-uid", "1", 4, 4, Selector((("app", "web"),)))
    return replace(plain, **overrides)


def policy_object(name: str = "web", **overrides: Any) -> PolicyObject:
    """The plain policy as the API server has it."""
    plain = PolicyObject(Key("shop", name), f"uid-{name}", 3, NOW - 1000.0, policy())
    return replace(plain, **overrides)


def record(**overrides: Any) -> DecisionRecord:
    """A decision 2 -> 5 that waits for approval until ten minutes after NOW."""
    plain = DecisionRecord(
        key=Key("shop", "web-1"),
        uid="decision-uid",
        policy="web",
        created_at=NOW - 10.0,
        action=Action(RungName.REPLICA, 2, 5, NOW - 10.0),
        reason="Forecast",
        expires_at=NOW + 590.0,
        approval=None,
        phase=Phase.AWAITING_APPROVAL,
        evaluated=False,
    )
    return replace(plain, **overrides)


def book(**overrides: Any) -> Book:
    """A new book of the plain policy."""
    wanted = overrides.pop("policy", policy())
    simulated = wanted.mode is Mode.OBSERVE
    plain: dict[str, Any] = {"uid": "uid-web", "policy": wanted, "score": Score(NOW, simulated)}
    return Book(**(plain | overrides))


def moment(now: float = NOW) -> Moment:
    """A pass of an operator that started long ago."""
    return Moment(now, 0.0, 15.0)


def judgement(demand: float | None = 90.0, **overrides: Any) -> Judgement:
    """The plain policy judged; `book`, `workload`, `outlook`, `learning` and `now` may be given."""
    kept = overrides.get("book", book())
    found = overrides.get("workload", workload())
    now = overrides.get("now", NOW)
    evidence = Evidence(reading(demand), overrides.get("outlook"), overrides.get("learning", False))
    return judge(kept.policy, kept, found, evidence, moment(now))
