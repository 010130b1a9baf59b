"""Run the rules of a policy's strategy over a situation."""

from __future__ import annotations

from edgewarm.decide.rules import PACING, RECOMMENDING
from edgewarm.decide.situation import Draft, Situation, Verdict
from edgewarm.model.reasons import Reason


def decide(situation: Situation) -> Verdict:
    """How many pods the workload should have, and why. Pure: the same situation gives the same verdict."""
    draft = _recommended(situation)
    recommended = max(draft.wanted, 0 if situation.demand is not None else situation.current)
    for rule in PACING:
        draft = rule(situation, draft)
    return Verdict(draft.wanted, draft.reason, draft.trail, recommended)


def _recommended(situation: Situation) -> Draft:
    draft = Draft(0, Reason.REACTIVE_FLOOR if situation.demand is not None else Reason.BLIND)
    for rule in RECOMMENDING[situation.policy.strategy]:
        draft = rule(situation, draft)
    return draft
