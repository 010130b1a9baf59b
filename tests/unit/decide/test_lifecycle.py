"""The life of a decision: the truth table row by row, and what must hold for any sequence of plans and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewarm.decide.lifecycle import AWAITING, Create, Execute, Mark, Move, Plan, covers, leftovers, moves
from edgewarm.model.decision import Action, Approval, DecisionRecord, Phase
from edgewarm.model.identity import Key
from edgewarm.model.policy import Mode
from support.builders import NOW, record

pytestmark = pytest.mark.unit

RISE = record()  # 2 -> 5, expires at NOW + 590
FALL = record(action=Action("Replica", 6, 3, NOW))


def plan(planned: int, wanted: int, mode: Mode = Mode.RECOMMEND, last: float | None = None) -> Plan:
    return Plan(mode, planned, wanted, last)


def phase(phase: Phase | None, of: DecisionRecord = RISE, **overrides: Any) -> DecisionRecord:
    return replace(of, phase=phase, **overrides)


def told(found: tuple[Move, ...]) -> list[str]:
    """Moves in one word each."""
    names = []
    for move in found:
        match move:
            case Create(before, after, phase):
                names.append(f"create {before} -> {after} {phase}")
            case Execute():
                names.append("execute")
            case Mark(_, phase, _):
                names.append(f"mark {phase}")
    return names


@pytest.mark.parametrize(
    ("what", "records", "expected"),
    [
        pytest.param(plan(2, 5, Mode.OBSERVE), [], ["create 2 -> 5 Observed"], id="Observe: a change is written"),
        pytest.param(plan(2, 2, Mode.OBSERVE), [], [], id="Observe: no change, nothing"),
        pytest.param(
            plan(2, 5, Mode.OBSERVE),
            [RISE],
            ["mark Superseded", "create 2 -> 5 Observed"],
            id="Observe: what waited under another mode is closed first",
        ),
        pytest.param(plan(2, 5, Mode.ACT), [], ["create 2 -> 5 Executing"], id="Act: a rise is done at once"),
        pytest.param(plan(5, 2, Mode.ACT), [], ["create 5 -> 2 Executing"], id="Act: so is a first fall"),
        pytest.param(plan(2, 2, Mode.ACT), [], [], id="Act: no change, nothing"),
        pytest.param(
            plan(2, 5, Mode.ACT),
            [RISE],
            ["mark Superseded", "create 2 -> 5 Executing"],
            id="Act: what waited is superseded",
        ),
        pytest.param(plan(2, 2, Mode.ACT), [RISE], ["mark Superseded"], id="Act: also without a change"),
        pytest.param(plan(2, 2, Mode.ACT), [phase(Phase.APPROVED)], ["mark Superseded"], id="Act: approved as well"),
        pytest.param(plan(2, 5), [], ["create 2 -> 5 AwaitingApproval"], id="Recommend: a change asks"),
        pytest.param(plan(2, 2), [], [], id="Recommend: no change, nothing"),
        pytest.param(plan(2, 4), [RISE], [], id="Recommend: 2 -> 5 covers 2 -> 4, so it waits"),
        pytest.param(plan(2, 6), [RISE], ["mark Superseded"], id="Recommend: 2 -> 5 does not cover 2 -> 6"),
        pytest.param(plan(2, 2), [RISE], ["mark Superseded"], id="Recommend: nothing is wanted any more"),
        pytest.param(plan(2, 1), [RISE], ["mark Superseded"], id="Recommend: the other way"),
        pytest.param(plan(3, 5), [RISE], ["mark Superseded"], id="Recommend: somebody else scaled meanwhile"),
        pytest.param(
            plan(2, 5), [replace(RISE, expires_at=NOW)], ["mark Expired"], id="Recommend: nobody answered in time"
        ),
        pytest.param(
            plan(2, 5), [replace(RISE, approval=Approval.APPROVED)], ["mark Approved"], id="Recommend: yes is noted"
        ),
        pytest.param(
            plan(2, 9), [replace(RISE, approval=Approval.DENIED)], ["mark Denied"], id="Recommend: no is noted"
        ),
        pytest.param(plan(2, 5), [phase(Phase.APPROVED)], ["execute"], id="Recommend: approved and due"),
        pytest.param(
            plan(2, 5),
            [phase(Phase.APPROVED, action=Action("Replica", 2, 5, NOW + 1))],
            [],
            id="Recommend: approved, not yet due",
        ),
        pytest.param(
            plan(2, 6),
            [phase(Phase.APPROVED)],
            ["execute"],
            id="Recommend: approved, outgrown: the rest is asked for next",
        ),
        pytest.param(
            plan(2, 5), [phase(Phase.APPROVED, expires_at=NOW - 1)], ["execute"], id="Recommend: a yes does not expire"
        ),
        pytest.param(plan(2, 4), [phase(Phase.DENIED)], [], id="Recommend: denied, so it is not asked again"),
        pytest.param(
            plan(2, 6), [phase(Phase.DENIED)], ["create 2 -> 6 AwaitingApproval"], id="Recommend: more than was denied"
        ),
        pytest.param(
            plan(2, 1), [phase(Phase.DENIED)], ["create 2 -> 1 AwaitingApproval"], id="Recommend: denied the other way"
        ),
        pytest.param(
            plan(2, 5),
            [phase(Phase.DENIED, expires_at=NOW)],
            ["create 2 -> 5 AwaitingApproval"],
            id="Recommend: denied long ago",
        ),
        pytest.param(
            plan(2, 5),
            [phase(Phase.DENIED), phase(Phase.EXECUTED)],
            ["create 2 -> 5 AwaitingApproval"],
            id="Recommend: another decision came after the denied one",
        ),
    ],
)
def test_the_truth_table(what: Plan, records: list[DecisionRecord], expected: list[str]) -> None:
    assert told(moves(what, tuple(records), NOW)) == expected


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("planned", "wanted", "age", "made"),
    [
        pytest.param(5, 2, 59.0, False, id="a fall waits for the minute of the last decision to end"),
        pytest.param(5, 2, 60.0, True, id="a fall a minute later is made"),
        pytest.param(2, 5, 1.0, True, id="a rise is never held back"),
    ],
)
def test_changes_of_one_minute_join(mode: Mode, planned: int, wanted: int, age: float, made: bool) -> None:
    assert bool(moves(plan(planned, wanted, mode, NOW - age), (), NOW)) is made


@pytest.mark.parametrize(
    ("of", "planned", "wanted", "covered"),
    [
        pytest.param(RISE, 2, 5, True, id="the same rise"),
        pytest.param(RISE, 2, 3, True, id="a smaller rise is wanted now"),
        pytest.param(RISE, 2, 6, False, id="a larger rise is wanted now"),
        pytest.param(FALL, 6, 3, True, id="the same fall"),
        pytest.param(FALL, 6, 2, True, id="a deeper fall is wanted now"),
        pytest.param(FALL, 6, 4, False, id="the fall would end below what is wanted"),
        pytest.param(FALL, 6, 6, False, id="no fall is wanted"),
        pytest.param(FALL, 6, 7, False, id="a rise is wanted"),
    ],
)
def test_a_decision_covers_a_plan(of: DecisionRecord, planned: int, wanted: int, covered: bool) -> None:
    assert covers(of, plan(planned, wanted)) is covered


@pytest.mark.parametrize(
    ("mode", "planned", "found", "expected"),
    [
        pytest.param(Mode.OBSERVE, 2, None, ["mark Observed"], id="Observe: it was only observed"),
        pytest.param(Mode.RECOMMEND, 2, None, ["mark AwaitingApproval"], id="Recommend: it still has to be asked"),
        pytest.param(Mode.RECOMMEND, 5, Phase.EXECUTING, ["mark Executed"], id="Recommend: the count is there"),
        pytest.param(Mode.RECOMMEND, 2, Phase.EXECUTING, ["mark Superseded"], id="Recommend: it was not done"),
        pytest.param(Mode.ACT, 5, None, ["mark Executed"], id="Act: the count is there"),
        pytest.param(Mode.ACT, 2, None, ["mark Superseded"], id="Act: it was not done"),
        pytest.param(Mode.ACT, 5, Phase.EXECUTED, [], id="what has its phase needs nothing"),
        pytest.param(Mode.ACT, 5, Phase.AWAITING_APPROVAL, [], id="nor what waits"),
    ],
)
def test_what_a_crash_left_is_finished(mode: Mode, planned: int, found: Phase | None, expected: list[str]) -> None:
    assert told(leftovers(plan(planned, planned, mode), (phase(found),))) == expected


def test_a_decision_without_a_status_is_not_created_twice() -> None:
    assert "create 2 -> 5 AwaitingApproval" not in told(moves(plan(2, 5), (phase(None),), NOW))


counts = st.integers(0, 6)
some_phase = st.sampled_from(Phase)
some_records = st.lists(
    st.builds(
        record,
        phase=some_phase,
        approval=st.sampled_from([None, *Approval]),
        action=st.builds(Action, st.just("Replica"), counts, counts, st.just(NOW)),
        expires_at=st.sampled_from([None, NOW - 1, NOW + 1]),
    ),
    max_size=4,
).map(tuple)
some_plan = st.builds(Plan, st.sampled_from(Mode), counts, counts, st.sampled_from([None, NOW - 1, NOW - 100]))


@given(some_plan, some_records)
def test_in_act_nothing_waits_for_approval(what: Plan, records: tuple[DecisionRecord, ...]) -> None:
    found = moves(replace(what, mode=Mode.ACT), records, NOW)
    marked = [move.record for move in found if isinstance(move, Mark) and move.phase is Phase.SUPERSEDED]
    assert marked == [item for item in records if item.phase in AWAITING]
    assert not any(isinstance(move, Create) and move.phase is Phase.AWAITING_APPROVAL for move in found)


@given(some_plan, some_records)
def test_at_most_one_decision_is_created_and_none_beside_an_open_one(
    what: Plan, records: tuple[DecisionRecord, ...]
) -> None:
    found = moves(what, records, NOW)
    created = [move for move in found if isinstance(move, Create)]
    still_open = {item.key for item in records if item.phase in AWAITING} - {
        move.record.key for move in found if isinstance(move, Mark) and move.phase is Phase.SUPERSEDED
    }
    assert len(created) <= 1
    assert not (created and still_open)


@given(some_plan, some_records)
def test_what_is_done_always_ends_where_the_plan_allows(what: Plan, records: tuple[DecisionRecord, ...]) -> None:
    for move in moves(what, records, NOW):
        if isinstance(move, Create):
            assert (move.before, move.after) == (what.planned, what.wanted)
        if isinstance(move, Execute):
            assert covers(move.record, what)


class Life:
    """Decisions as the API server would hold them, moved on pass by pass."""

    def __init__(self) -> None:
        self.records: list[DecisionRecord] = []
        self.planned = 2
        self.last: float | None = None
        self.now = NOW

    def run(self, mode: Mode, wanted: int, answer: Approval | None) -> None:
        self.now += 15.0
        self.records = [replace(r, approval=r.approval or answer) if r.phase in AWAITING else r for r in self.records]
        for move in moves(Plan(mode, self.planned, wanted, self.last), tuple(self.records), self.now):
            match move:
                case Create(before, after, phase):
                    self._created(before, after, phase)
                case Execute(done):
                    self._marked(done, Phase.EXECUTED)
                    self.planned, self.last = done.action.after, self.now
                case Mark(done, phase, _):
                    self._marked(done, phase)

    def _created(self, before: int, after: int, phase: Phase) -> None:
        action = Action("Replica", before, after, self.now)
        made = record(key=Key("shop", str(len(self.records))), created_at=self.now, action=action, phase=phase)
        self.records.append(replace(made, expires_at=self.now + 600.0))
        self.last = self.now
        self.planned = self.planned if phase is Phase.AWAITING_APPROVAL else after

    def _marked(self, done: DecisionRecord, phase: Phase) -> None:
        self.records = [replace(r, phase=phase) if r.key == done.key else r for r in self.records]


passes = st.lists(st.tuples(st.sampled_from(Mode), counts, st.sampled_from([None, None, *Approval])), max_size=20)


@given(passes)
def test_no_sequence_ever_has_two_open_decisions(sequence: list[tuple[Mode, int, Approval | None]]) -> None:
    life = Life()
    for mode, wanted, answer in sequence:
        life.run(mode, wanted, answer)
        still_open = [item for item in life.records if item.phase in AWAITING]
        assert len(still_open) <= (1 if mode is Mode.RECOMMEND else 0)


def test_a_recommended_rise_is_approved_and_done_two_passes_later() -> None:
    life = Life()
    for answer in (None, Approval.APPROVED, None, None):
        life.run(Mode.RECOMMEND, 5, answer)
    assert (life.planned, [item.phase for item in life.records]) == (5, [Phase.EXECUTED])


@pytest.mark.parametrize(
    ("plan", "records", "expected"),
    [
        pytest.param(
            Plan(Mode.ACT, 2, 8, None, free=2), (), (Create(2, 8, Phase.AWAITING_APPROVAL),), id="ask for the rise"
        ),
        pytest.param(
            Plan(Mode.ACT, 2, 8, None, free=3),
            (),
            (Create(2, 3, Phase.EXECUTING),),
            id="what demand asks for is done at once, the rest is asked for on the next pass",
        ),
        pytest.param(Plan(Mode.ACT, 2, 3, None, free=3), (), (Create(2, 3, Phase.EXECUTING),), id="all of it is free"),
        pytest.param(Plan(Mode.ACT, 2, 5, None, free=2), (record(),), (), id="2 -> 5 waits for its approval"),
        pytest.param(
            Plan(Mode.ACT, 2, 5, None, free=2),
            (record(phase=Phase.APPROVED),),
            (Execute(record(phase=Phase.APPROVED)),),
            id="approved",
        ),
        pytest.param(
            Plan(Mode.ACT, 2, 6, None, free=2),
            (record(),),
            (Mark(record(), Phase.SUPERSEDED, "6 replicas are wanted now"),),
            id="too small by now",
        ),
        pytest.param(
            Plan(Mode.ACT, 2, 2, None, free=2),
            (record(),),
            (Mark(record(), Phase.SUPERSEDED, "mode is Act and 2 replicas are wanted now"),),
            id="not wanted any more",
        ),
        pytest.param(Plan(Mode.ACT, 2, 5, None, free=2), (record(phase=Phase.DENIED),), (), id="denied"),
        pytest.param(Plan(Mode.ACT, 5, 2, None, free=2), (), (Create(5, 2, Phase.EXECUTING),), id="a fall is free"),
    ],
)
def test_in_act_only_what_is_above_the_thresholds_waits(
    plan: Plan, records: tuple[DecisionRecord, ...], expected: tuple[Move, ...]
) -> None:
    assert moves(plan, records, NOW) == expected
