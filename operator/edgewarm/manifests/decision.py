"""A ScalingDecision from what was decided; its status from what became of it.

scaling factor = to / max(1, from)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from edgewarm.decide.situation import Candidate
from edgewarm.decide.worth import Expected, Worth
from edgewarm.manifests.text import clipped, percent, pods, present, short_number
from edgewarm.model.decision import Action, Outcome, Phase
from edgewarm.model.identity import DEMAND, Key, TargetRef
from edgewarm.model.names import API_VERSION, POLICY_LABEL, SCALING_DECISION, WARMING_POLICY
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import RungName
from edgewarm.model.units import format_time

MAX_ACTIONS = 64
_NAME_ROOM, _LABEL_ROOM, _SENTENCE_ROOM = 200, 63, 1024


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was expected of a resource `seconds` ahead: (level, demand) pairs, P(need >= recommended), and its pods."""

    horizon: str
    seconds: float
    current: float | None
    predicted: tuple[tuple[float, float], ...]
    probability: float | None
    recommended: int
    reasoning: str = ""
    confidence: float | None = None
    resource: str = DEMAND


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate with what is expected of it one lead time ahead; None without a forecast."""

    candidate: Candidate
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """All that a decision records; `resource` is the one behind the number, for a policy that has resources.

    `replicas` are those there were, for a decision that does not change them.
    `expected` is what is expected of the count that was decided.
    """

    policy: Key
    policy_uid: str
    target: TargetRef
    mode: Mode
    at: float
    actions: tuple[Action, ...]
    reason: str
    summary: str
    replicas: int = 0
    urgent: bool = False
    predictions: tuple[Prediction, ...] = ()
    candidates: tuple[Weighed, ...] = ()
    worth: Worth | None = None
    expected: Expected | None = None
    expires_at: float | None = None
    resource: str | None = None

    @property
    def before(self) -> int:
        """Replicas before it; predictions are about replicas."""
        return next((action.before for action in self.actions if action.rung == RungName.REPLICA), self.replicas)


def decision_name(policy: str, at: float) -> str:
    """The same for the same policy and second, so that a repeated write meets itself."""
    stamp = "".join(sign for sign in format_time(at) if sign.isdigit())
    return f"{_short_name(policy)}-{stamp}"


def _short_name(policy: str) -> str:
    if len(policy) <= _NAME_ROOM:
        return policy
    digest = hashlib.sha256(policy.encode()).hexdigest()[:8]
    return f"{policy[: _NAME_ROOM - 9].rstrip('-.')}-{digest}"


def policy_label(policy: str) -> str:
    """The policy's name as a label value."""
    return policy[:_LABEL_ROOM].rstrip("-.")


def scaling_decision(draft: DecisionDraft) -> dict[str, Any]:
    """The manifest, owned by its policy, so that it goes with it."""
    owner = {
        "apiVersion": API_VERSION,
        "kind": WARMING_POLICY,
        "name": draft.policy.name,
        "uid": draft.policy_uid,
        "controller": True,
    }
    return {
        "apiVersion": API_VERSION,
        "kind": SCALING_DECISION,
        "metadata": {
            "name": decision_name(draft.policy.name, draft.at),
            "namespace": draft.policy.namespace,
            "labels": {POLICY_LABEL: policy_label(draft.policy.name)},
            "ownerReferences": [owner],
        },
        "spec": _spec(draft),
    }


def _spec(draft: DecisionDraft) -> dict[str, Any]:
    target = draft.target
    return present(
        policy=draft.policy.name,
        target={"apiVersion": target.api_version, "kind": target.kind, "name": target.name},
        mode=str(draft.mode),
        reason=str(draft.reason),
        summary=clipped(draft.summary, _SENTENCE_ROOM),
        bindingResource=draft.resource,
        urgency="Immediate" if draft.urgent else "Routine",
        predictions=[_prediction(entry, draft.before) for entry in draft.predictions] or None,
        actions=[_action(action) for action in draft.actions[:MAX_ACTIONS]],
        candidates=[_candidate(entry) for entry in draft.candidates] or None,
        **({} if draft.worth is None else _worth(draft.worth)),
        **_money(draft.expected),
        expiresAt=None if draft.expires_at is None else format_time(draft.expires_at),
    )


def _prediction(entry: Prediction, before: int) -> dict[str, Any]:
    levels = [{"level": f"p{level * 100:g}", "value": short_number(value)} for level, value in entry.predicted]
    return present(
        resource=entry.resource,
        horizon=entry.horizon,
        seconds=round(entry.seconds),
        current=None if entry.current is None else short_number(entry.current),
        predicted=levels,
        probability=None if entry.probability is None else percent(entry.probability),
        confidence=None if entry.confidence is None else percent(entry.confidence),
        recommended=pods(entry.recommended),
        action=_direction(before, entry.recommended),
        scalingFactor=short_number(entry.recommended / max(1, before)),
        reasoning=clipped(entry.reasoning, _SENTENCE_ROOM) or None,
    )


def _direction(before: int, after: int) -> str | None:
    if before == after:
        return None
    return "ScaleUp" if after > before else "ScaleDown"


def _action(action: Action) -> dict[str, Any]:
    return present(
        rung=str(action.rung),
        node=action.node,
        **{"from": action.before},
        to=action.after,
        executeAt=format_time(action.execute_at),
    )


def _worth(found: Worth) -> dict[str, Any]:
    concerns = [{"reason": c.reason, "mitigation": c.mitigation} for c in found.concerns]
    return {
        "scalingFactor": short_number(found.scaling_factor),
        "estimatedCost": short_number(found.cost),
        "risk": present(level=str(found.risk), concerns=concerns or None),
        "approvalReasons": list(found.approval) or None,
    }


def _candidate(weighed: Weighed) -> dict[str, Any]:
    entry, found = weighed.candidate, weighed.expected
    return present(
        rule=entry.rule,
        wanted=pods(entry.wanted),
        reason=str(entry.reason),
        note=clipped(entry.note, _SENTENCE_ROOM) or None,
        expectedShort=None if found is None else short_number(found.short),
        expectedIdle=None if found is None else short_number(found.idle),
        **_money(found),
    )


def _money(found: Expected | None) -> dict[str, Any]:
    """Of an hour; nothing where a pod of the workload has no price."""
    if found is None or found.costs is None:
        return {}
    short, idle = found.costs
    return {"expectedShortageCost": short_number(short), "expectedIdleCost": short_number(idle)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came true between two times, in pod-minutes; `miss_cause` is one of the API's words."""

    outcome: Outcome
    simulated: bool
    start: float
    end: float
    raised: float
    used: float
    short: float
    promised: float
    miss_cause: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """Where a decision is in its life."""

    phase: Phase
    message: str
    executed_at: float | None = None
    evaluation: Evaluation | None = None


def decision_status(report: DecisionReport) -> dict[str, Any]:
    """The value of `status`."""
    return present(
        phase=str(report.phase),
        message=clipped(report.message, _SENTENCE_ROOM),
        executedAt=None if report.executed_at is None else format_time(report.executed_at),
        evaluation=None if report.evaluation is None else _evaluation(report.evaluation),
    )


def _evaluation(found: Evaluation) -> dict[str, Any]:
    known = {
        "outcome": str(found.outcome),
        "simulated": found.simulated,
        "from": format_time(found.start),
        "until": format_time(found.end),
        "raisedPodMinutes": short_number(found.raised),
        "usedPodMinutes": short_number(found.used),
        "shortPodMinutes": short_number(found.short),
        "promisedPodMinutes": short_number(found.promised),
    }
    return known | present(missCause=found.miss_cause)
