"""What policies share in a pass: who could give way, and a bug of one that stays with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.ladder import Ladder, LadderPlan
from edgewarm.engine.reports import Case, Found
from edgewarm.engine.rungs import RungPlan, RungSituation
from edgewarm.engine.sharing import Sharing
from edgewarm.engine.standby import StandbyRung
from edgewarm.engine.standing import Standing, Surroundings
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import RungName
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Rollout
from support.builders import NOW, book, judgement
from support.rungs import Recorder, asked, standing_policy, told, view
from support.warm import deployment, node, pod, standby, twin

pytestmark = pytest.mark.unit
STRANGER = twin("h", owner=None, labels={}, unschedulable_since=NOW - 10)
PODS = (pod("a"), pod("b"), standby("s1"), standby("s2"), STRANGER)
FULL = (node(cpu=4.0),)


def found(climb: RungSituation, ladder: Ladder) -> Found:
    case = Case(climb.item, book(policy=climb.policy), climb.workload, judgement(90.0), "", climb=climb)
    around = Surroundings(climb.item, None, climb.workload, None, None, False, None)
    return Found(around, Standing("Forecasting", "", True, True), replace(case, ladder=ladder.plan(climb)))


def shared(seen: ClusterView, **overrides: Any) -> list[str]:
    """What the standby rung of the plain policy does after all was shared."""
    ladder = Ladder(Recorder(), (StandbyRung(),))
    (one,), _ = Sharing(ladder).share([found(asked(seen, **overrides), ladder)], seen, NOW)
    assert one.case is not None
    return told(operation for _, plan in one.case.ladder.plans for operation in plan.operations)


@pytest.mark.parametrize(
    ("seen", "given"),
    [
        pytest.param(view(PODS, nodes=FULL), ["delete s1"], id="a pod finds no room"),
        pytest.param(view(PODS[:4], nodes=FULL), [], id="nobody waits"),
        pytest.param(view(PODS, nodes=FULL, unseen=frozenset({"uid-web"})), [], id="a deletion may be unseen"),
        pytest.param(view(PODS, nodes=FULL, target=deployment(Rollout("1", True))), [], id="a rollout is under way"),
        pytest.param(view(PODS, nodes=FULL, wanted=standing_policy(mode=Mode.OBSERVE)), [], id="mode Observe"),
        pytest.param(view(PODS, nodes=FULL, wanted=standing_policy(paused_until=NOW + 1)), [], id="paused"),
    ],
)
def test_who_gives_way(seen: ClusterView, given: list[str]) -> None:
    assert shared(seen) == given


def test_a_policy_whose_last_deletion_was_refused_is_not_chosen_before_it_tries_again() -> None:
    seen = view(PODS, nodes=FULL)
    assert shared(seen, put_off={RungName.STANDBY: NOW + 1}) == []
    assert shared(seen, put_off={RungName.STANDBY: NOW}) == ["delete s1"]


def test_a_policy_that_cannot_say_what_it_could_give_leaves_it_to_the_others() -> None:
    ladder, seen = Ladder(Recorder(), (StandbyRung(),)), view(PODS, nodes=FULL)
    sound = found(asked(seen), ladder)
    assert sound.case is not None
    broken = replace(sound, case=replace(sound.case, climb=asked(seen, workload=None)))
    (_, one), _ = Sharing(ladder).share([broken, sound], seen, NOW)
    assert one.case is not None
    assert told(operation for _, plan in one.case.ladder.plans for operation in plan.operations) == ["delete s1"]


def test_what_cannot_be_planned_again_is_not_carried_out_as_it_was_planned_alone() -> None:
    class Breaking(StandbyRung):
        def plan(self, situation: RungSituation) -> RungPlan:
            if situation.yields:
                raise ZeroDivisionError
            return super().plan(situation)

    ladder, seen = Ladder(Recorder(), (Breaking(),)), view(PODS, nodes=FULL)
    (one,), _ = Sharing(ladder).share([found(asked(seen), ladder)], seen, NOW)
    assert one.case is not None
    assert one.case.ladder == LadderPlan()
