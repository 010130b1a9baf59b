"""A change of the rungs is written down once; in mode Recommend it waits for a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.decide.lifecycle import Mark
from edgewarm.decide.rung_moves import Grant, RungState, Write, rung_leftovers, rung_moves
from edgewarm.model.decision import Action, Approval, DecisionRecord, Phase
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import Place, RungCount, RungName
from support.builders import NOW, record

pytestmark = pytest.mark.unit
HERE = Place(RungName.STANDBY)
TO_TWO = Action(RungName.STANDBY, 0, 2, NOW)


def state(mode: Mode, wanted: int = 2, held: int = 0, **overrides: Any) -> RungState:
    count = RungCount(HERE, wanted, held, 0, held, "StandbyForecast")
    return replace(RungState(mode, (count,), {}), **overrides)


def proposal(phase: Phase | None = Phase.AWAITING_APPROVAL, **overrides: Any) -> DecisionRecord:
    """Two standbys, to be approved until ten minutes from now."""
    return record(action=TO_TWO, rungs=(TO_TWO,), phase=phase, **overrides)


@pytest.mark.parametrize(
    ("found", "moves"),
    [
        pytest.param(state(Mode.ACT), (Write((TO_TWO,), Phase.EXECUTED),), id="Act records what it does"),
        pytest.param(state(Mode.OBSERVE), (Write((TO_TWO,), Phase.OBSERVED),), id="Observe what it would do"),
        pytest.param(state(Mode.RECOMMEND), (Write((TO_TWO,), Phase.AWAITING_APPROVAL),), id="Recommend asks"),
        pytest.param(state(Mode.ACT, told={HERE: 2}), (), id="what was told is not told again"),
        pytest.param(state(Mode.OBSERVE, told={HERE: 2}), (), id="nor in mode Observe, though none is there"),
        pytest.param(state(Mode.ACT, held=2), (), id="what is there already is no change"),
        pytest.param(state(Mode.ACT, last_at=NOW - 59), (), id="changes of a minute join"),
        pytest.param(state(Mode.ACT, last_at=NOW - 60), (Write((TO_TWO,), Phase.EXECUTED),), id="then they are told"),
        pytest.param(
            state(Mode.ACT, wanted=0, held=2, told={HERE: 2}),
            (Write((Action(RungName.STANDBY, 2, 0, NOW),), Phase.EXECUTED),),
            id="a fall is a change too",
        ),
    ],
)
def test_without_a_proposal(found: RungState, moves: tuple[object, ...]) -> None:
    assert rung_moves(found, (), NOW) == moves


OPEN = proposal()
APPROVED, DENIED = proposal(approval=Approval.APPROVED), proposal(approval=Approval.DENIED)
LATE = proposal(expires_at=NOW - 1)
REFUSED = proposal(Phase.DENIED)


@pytest.mark.parametrize(
    ("found", "before", "moves"),
    [
        pytest.param(state(Mode.RECOMMEND), OPEN, (), id="it waits"),
        pytest.param(state(Mode.RECOMMEND), APPROVED, (Grant(APPROVED),), id="approved"),
        pytest.param(state(Mode.RECOMMEND), DENIED, (Mark(DENIED, Phase.DENIED, "denied"),), id="denied"),
        pytest.param(
            state(Mode.RECOMMEND), LATE, (Mark(LATE, Phase.EXPIRED, "nobody approved it in time"),), id="expired"
        ),
        pytest.param(
            state(Mode.RECOMMEND, wanted=0),
            OPEN,
            (Mark(OPEN, Phase.SUPERSEDED, "what is held is what is wanted now"),),
            id="not wanted any more",
        ),
        pytest.param(state(Mode.RECOMMEND), REFUSED, (), id="who was told no does not ask again at once"),
        pytest.param(
            state(Mode.RECOMMEND),
            proposal(Phase.DENIED, expires_at=NOW),
            (Write((TO_TWO,), Phase.AWAITING_APPROVAL),),
            id="but when that proposal had expired",
        ),
        pytest.param(
            state(Mode.ACT, told={HERE: 2}),
            OPEN,
            (Mark(OPEN, Phase.SUPERSEDED, "mode is Act"),),
            id="another mode closes it",
        ),
    ],
)
def test_with_a_proposal(found: RungState, before: DecisionRecord, moves: tuple[object, ...]) -> None:
    assert rung_moves(found, (before,), NOW) == moves


@pytest.mark.parametrize(
    ("mode", "phase"),
    [(Mode.OBSERVE, Phase.OBSERVED), (Mode.RECOMMEND, Phase.AWAITING_APPROVAL), (Mode.ACT, Phase.EXECUTED)],
)
def test_what_a_crash_left_without_a_phase_gets_that_of_its_mode(mode: Mode, phase: Phase) -> None:
    left = proposal(None)
    assert rung_leftovers(mode, [OPEN, left, REFUSED]) == (Mark(left, phase, "taken up again after a restart"),)
