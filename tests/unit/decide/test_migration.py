"""Which pod leaves next, and which standby takes its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.decide.migration import Crowded, Leaver, beside, held_back, kept_up, leavers, next_move
from edgewarm.decide.promoting import Crew, promotions
from edgewarm.decide.resting import Sizes
from edgewarm.decide.standbys import Wanted
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.workload import Pod
from support.warm import FULL, LOW, full, pod, replica_set, resting, rising, standby, starting, twin

pytestmark = pytest.mark.unit
CORDONED = {"node-1": "cordoned"}
HERE, THERE = pod("a"), pod("b", node="node-2")
AWAY = standby("s", node="node-2")


def crew(*standbys: Pod, pods: tuple[Pod, ...] = (HERE, THERE), wanted: int = 2, arriving: int = 0) -> Crew:
    return Crew(replica_set(wanted), pods, standbys, arriving, frozenset(CORDONED))


@pytest.mark.parametrize(
    ("pods", "crowded", "expected"),
    [
        pytest.param((HERE, THERE), {}, ["a on node-1 (cordoned)"], id="of the node that is emptied"),
        pytest.param((pod("z"), HERE), {}, ["a on node-1 (cordoned)", "z on node-1 (cordoned)"], id="all of them"),
        pytest.param((twin("t", node="node-1"),), {}, [], id="one that is not ready does not serve there"),
        pytest.param((pod("d", deleting=True),), {}, [], id="one that goes is gone"),
        pytest.param(
            (HERE, THERE),
            {THERE.key: Crowded("full", frozenset({"node-3"}))},
            ["a on node-1 (cordoned)", "b on node-2 (full)"],
            id="emptied nodes come before full ones",
        ),
        pytest.param(
            (THERE, pod("c", node="node-3")),
            {pod("c").key: Crowded("full", frozenset()), THERE.key: Crowded("full", frozenset())},
            ["b on node-2 (full)"],
            id="of full nodes one pod at a time",
        ),
    ],
)
def test_who_leaves(pods: tuple[Pod, ...], crowded: dict[object, Crowded], expected: list[str]) -> None:
    found = leavers(pods, CORDONED, crowded)  # type: ignore[arg-type]  # rows of a table
    assert [str(one) for one in found] == expected


LEAVING = (Leaver(HERE, "cordoned"),)


@pytest.mark.parametrize(
    ("found", "moves"),
    [
        pytest.param(crew(AWAY), True, id="a warm standby elsewhere"),
        pytest.param(crew(), False, id="none yet"),
        pytest.param(crew(starting("s", node="node-2")), False, id="one that starts"),
        pytest.param(crew(standby("s")), False, id="one on the node that is to be left"),
        pytest.param(crew(standby("s", node="node-2", shape=9)), False, id="one that admission made another"),
        pytest.param(crew(AWAY, pods=(HERE,)), False, id="a pod is missing: the standby is for that"),
        pytest.param(crew(AWAY, pods=(HERE, THERE, pod("c"))), False, id="one too many: the last move is not over"),
        pytest.param(crew(AWAY, pods=(HERE, pod("b", ready_at=None))), False, id="one is not ready"),
        pytest.param(crew(AWAY, arriving=1), False, id="one was promoted and is not adopted yet"),
        pytest.param(crew(AWAY, pods=(HERE, THERE, pod("d", deleting=True))), True, id="one on its way out is no pod"),
    ],
)
def test_one_pod_leaves_when_all_serve_and_a_standby_is_warm_where_it_may_go(found: Crew, moves: bool) -> None:
    move = next_move(found, LEAVING)
    assert (move is not None) is moves
    if move is not None:
        assert (move.leaver.pod, move.standby) == (HERE, AWAY)


def test_a_pod_of_a_full_node_goes_to_a_calm_node_only() -> None:
    leaver = Leaver(THERE, "full", frozenset({"node-4"}))
    third = standby("s3", node="node-3", created_at=0.0)
    fourth = standby("s4", node="node-4")
    assert next_move(crew(third), (leaver,)) is None
    move = next_move(crew(third, fourth), (leaver,))
    assert move is not None
    assert move.standby == fourth


def test_the_second_leaver_does_not_wait_for_the_first_ones_place() -> None:
    first, second = Leaver(THERE, "full", frozenset({"node-4"})), Leaver(HERE, "cordoned")
    move = next_move(crew(AWAY), (first, second))
    assert move is not None
    assert move.leaver == second


def resters(*standbys: Pod) -> Crew:
    return replace(crew(*standbys), sizes=Sizes(FULL, LOW))


def on(node: str, one: Pod) -> Pod:
    return replace(one, node=node)


RESTS = on("node-2", resting("r"))
RISES = on("node-2", rising("u"))
STUCK = on("node-2", rising("d", "Deferred: no cpu is left"))
ELSEWHERE = on("node-3", resting("r3"))


@pytest.mark.parametrize(
    ("standbys", "moves", "up"),
    [
        pytest.param([RESTS], ("r", True), [], id="one at rest rises first"),
        pytest.param([RESTS, on("node-2", full("f"))], ("f", False), ["uid-f"], id="one of full size serves at once"),
        pytest.param([RESTS, RISES], None, ["uid-u"], id="one rises already: it is waited for"),
        pytest.param([RESTS, STUCK], None, ["uid-d"], id="the kubelet of its node has no cpu for another either"),
        pytest.param([ELSEWHERE, STUCK], ("r3", True), ["uid-d"], id="on another node it is tried"),
        pytest.param([resting("here")], None, [], id="one on the node that is to be left"),
        pytest.param([full("here"), RESTS], ("r", True), [], id="though it is full there"),
        pytest.param([on("node-2", full("f")), on("node-2", full("g"))], ("f", False), ["uid-f"], id="one at a time"),
    ],
)
def test_standbys_at_rest(standbys: list[Pod], moves: tuple[str, bool] | None, up: list[str]) -> None:
    found, roomy = resters(*standbys), {one.uid for one in standbys}
    move = next_move(found, LEAVING, roomy)
    assert (None if move is None else (move.standby.key.name, move.rises)) == moves
    assert sorted(kept_up(found, LEAVING)) == up
    assert kept_up(found, ()) == frozenset()


def test_none_rises_where_its_node_lacks_the_room() -> None:
    assert next_move(resters(RESTS), LEAVING, ()) is None


def test_who_stays_and_why_its_standby_does_not_rise() -> None:
    said = "a on node-1 (cordoned) stays: standby {} on {} is not given its cpu: {}"
    assert held_back(resters(STUCK), LEAVING, {}) == said.format("d", "node-2", "Deferred: no cpu is left")
    assert held_back(resters(ELSEWHERE), LEAVING, {"uid-r3": "a quota"}) == said.format("r3", "node-3", "a quota")
    assert held_back(resters(RISES, ELSEWHERE), LEAVING, {}) is None
    assert held_back(resters(resting("here")), LEAVING, {"uid-here": "a quota"}) is None


@pytest.mark.parametrize(
    ("held", "leaving", "expected"),
    [
        pytest.param(2, 3, (5, RungReason.STANDBY_MIGRATION), id="one for each, beside the forecast's"),
        pytest.param(2, 20, (6, RungReason.STANDBY_MIGRATION), id="never more than the maximum"),
        pytest.param(6, 1, (6, RungReason.STANDBY_FORECAST), id="at the maximum those there are serve"),
        pytest.param(2, 0, (2, RungReason.STANDBY_FORECAST), id="nobody leaves"),
    ],
)
def test_how_many_standbys(held: int, leaving: int, expected: tuple[int, RungReason]) -> None:
    found = beside(Wanted(held, RungReason.STANDBY_FORECAST, held), leaving, StandbyTerms(0, 6))
    assert (found.count, found.reason, found.asked) == (*expected, held)


def test_of_warm_standbys_those_on_a_node_that_is_to_be_left_serve_last() -> None:
    """kubectl drain deletes pods itself: what replaces them is not to be drained next."""
    near, far = standby("near", created_at=0.0), standby("far", node="node-2")
    lacking = crew(near, far, pods=(THERE,), wanted=2)
    assert promotions(lacking) == (far,)
    assert promotions(replace(lacking, shunned=frozenset())) == (near,)  # node-1 has fewer pods
