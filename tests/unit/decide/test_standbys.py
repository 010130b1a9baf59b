"""How many standbys, and which come and go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgewarm.decide.standbys import Flock, Wanted, changes, foreseen, roomy, roomy_at_rest, wanted
from edgewarm.model.reasons import RungReason
from edgewarm.model.rungs import StandbyTerms
from edgewarm.model.workload import Pod
from support.builders import NOW, outlook, policy, quantiles, situation
from support.warm import pod, replica_set, standby, starting, twin

pytestmark = pytest.mark.unit
TERMS = StandbyTerms()
OLD = {"created_at": NOW - 4000.0}  # maxAge is 3600 s
OTHER = {"labels": {**standby("s").labels, "edgewarm.io/template-hash": "hash-0"}}
# demand p50 100, p90 200, p95 300 at 50 per pod: 2, 4 and 6 pods
SPREAD = quantiles((0.5, 100.0), (0.9, 200.0), (0.95, 300.0))


def test_the_ladder_holds_more_as_standbys_than_it_would_as_replicas() -> None:
    """C = 120 s: K_s = 1.75, H_s = .8; K_r = 2, H_r = 1. kappa_s = 10 x 1 / .8 = 12.5, tau = .926; W is a minute.

    The replica's own tau is 10 / 11 = .909. Between p90 = 200 and p95 = 300: 200 + 100 x .026 / .05 = 251.9, 6 pods.
    """
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD))
    assert foreseen(found, TERMS) == 6
    assert foreseen(replace(found, policy=policy(kappa=1.0)), TERMS) == 3  # tau = 1.25 / 2.25 = .556: 114 of demand


def test_a_cheaper_standby_is_held_for_less_likely_demand() -> None:
    found = situation(lead_seconds=120.0, outlook=outlook(SPREAD), policy=policy(kappa=1.0))
    # price .1: kappa_s = 1 / .1 = 10, tau = .909: 218 of demand, 5 pods
    assert (foreseen(found, TERMS), foreseen(found, StandbyTerms(price=0.1))) == (3, 5)


@pytest.mark.parametrize(
    "doubt",
    [
        {"outlook": None},
        {"outlook": outlook(SPREAD), "learning": True},
        {"outlook": outlook(SPREAD), "confidence": 0.5},
    ],
    ids=["no forecast", "history is being read", "not sure enough"],
)
def test_without_a_forecast_that_is_acted_on_nothing_is_foreseen(doubt: dict[str, object]) -> None:
    assert foreseen(situation(lead_seconds=120.0, **doubt), TERMS) == 0


@pytest.mark.parametrize(
    ("asked", "recent", "terms", "count", "reason"),
    [
        pytest.param(3, (), TERMS, 3, RungReason.STANDBY_FORECAST, id="as many as are foreseen"),
        pytest.param(1, (4, 2), TERMS, 4, RungReason.STANDBY_FORECAST, id="the most of the scale-down window"),
        pytest.param(1, (), StandbyTerms(least=2), 2, RungReason.STANDBY_MINIMUM, id="at least min"),
        pytest.param(30, (), TERMS, 10, RungReason.STANDBY_MAXIMUM, id="at most max"),
    ],
)
def test_how_many_are_wanted(
    asked: int, recent: tuple[int, ...], terms: StandbyTerms, count: int, reason: RungReason
) -> None:
    assert wanted(asked, recent, terms) == Wanted(count, reason, asked)


@pytest.mark.parametrize(
    ("there", "slots", "pushes", "count"),
    [
        pytest.param(0, 8, True, 4, id="8 slots hold 4 standbys and their 4 twins"),
        pytest.param(0, 8, False, 5, id="nobody would be pushed out: as many as fit"),
        pytest.param(2, 0, True, 1, id="the node filled up: one goes, and leaves room for the twin of the other"),
        pytest.param(1, 1, True, 1, id="which is enough"),
        pytest.param(0, 1, True, 0, id="a standby without room for its twin is not made"),
        pytest.param(2, 0, False, 2, id="a full node without bystanders"),
    ],
)
def test_the_room_bounds_it(there: int, slots: int, pushes: bool, count: int) -> None:
    found = roomy(Wanted(5, RungReason.STANDBY_MINIMUM, 0), there, slots, pushes)
    assert found.count == count
    assert found.reason == (RungReason.STANDBY_ROOM if count < 5 else RungReason.STANDBY_MINIMUM)


@pytest.mark.parametrize(("slots", "count"), [(10, 5), (9, 4), (1, 0), (0, 0)])
def test_at_rest_each_needs_the_room_of_a_pod_twice(slots: int, count: int) -> None:
    """To rise, and for the cold twin that the ReplicaSet makes in the same moment."""
    found = roomy_at_rest(Wanted(5, RungReason.STANDBY_MINIMUM, 0), slots)
    assert found.count == count
    assert found.reason == (RungReason.STANDBY_ROOM if count < 5 else RungReason.STANDBY_MINIMUM)


@pytest.mark.parametrize(
    ("slots", "leaving", "count"),
    [
        pytest.param(1, 1, 1, id="the last slot is for the rise of the one that takes a pod's place"),
        pytest.param(4, 2, 3, id="one, its twin, and two more"),
        pytest.param(2, 9, 2, id="never more than fit"),
    ],
)
def test_at_rest_one_that_takes_the_place_of_a_pod_that_leaves_needs_the_room_once(
    slots: int, leaving: int, count: int
) -> None:
    assert roomy_at_rest(Wanted(5, RungReason.STANDBY_MIGRATION, 0), slots, leaving).count == count


def flock(*standbys: Pod, pods: tuple[Pod, ...] = (pod("a"),)) -> Flock:
    return Flock(replica_set(), standbys, pods, TERMS.max_age_seconds)


@pytest.mark.parametrize(
    ("there", "count", "made", "gone"),
    [
        pytest.param(flock(), 2, 2, [], id="missing ones are made"),
        pytest.param(flock(), 9, 4, [], id="four at a time"),
        pytest.param(flock(starting("s1"), starting("s2"), starting("s3")), 9, 1, [], id="with those under way"),
        pytest.param(flock(standby("s1"), standby("s2")), 2, 0, [], id="enough"),
        pytest.param(flock(standby("s1"), starting("s2")), 1, 0, ["s2"], id="of too many the cold one goes"),
        pytest.param(flock(pods=(pod("a"), twin("b"))), 2, 0, [], id="none beside a pod that starts cold"),
        pytest.param(flock(standby("s1", deleting=True)), 1, 1, [], id="one that is going is not counted"),
        pytest.param(flock(standby("s1", **OTHER), standby("s2", **OTHER)), 2, 2, ["s1", "s2"], id="an old template"),
        pytest.param(flock(standby("s1", **OLD), standby("s2", **OLD)), 2, 1, [], id="too old: first another is made"),
        pytest.param(
            flock(standby("s1", **OLD), standby("s2", **OLD), starting("s3")), 2, 0, [], id="which is waited for"
        ),
        pytest.param(
            flock(standby("s1", **OLD), standby("s2", **OLD), standby("s3")), 2, 1, ["s1"], id="then one goes"
        ),
        pytest.param(flock(starting("s1", **OLD)), 1, 1, ["s1"], id="one that never got ready is made anew"),
        pytest.param(flock(standby("s1"), standby("s2", **OLD)), 0, 0, ["s1", "s2"], id="none are wanted"),
    ],
)
def test_a_pass_makes_and_deletes(there: Flock, count: int, made: int, gone: list[str]) -> None:
    found = changes(there, count, 0, 100, NOW)
    assert found.make == made
    assert sorted(one.key.name for one, _ in found.delete) == gone


@pytest.mark.parametrize(("promised", "gone"), [(0, ["s1", "s2"]), (1, ["s1"]), (2, []), (5, [])])
def test_what_is_about_to_be_promoted_is_not_deleted(promised: int, gone: list[str]) -> None:
    found = changes(flock(standby("s1"), standby("s2")), 0, promised, 100, NOW)
    assert [one.key.name for one, _ in found.delete] == gone
    worn = changes(flock(standby("s1", **OLD), standby("s2", **OLD)), 0, promised, 100, NOW)
    assert [one.key.name for one, _ in worn.delete] == gone


def test_no_more_are_made_than_find_room() -> None:
    assert changes(flock(), 3, 0, 1, NOW).make == 1


def test_a_pass_on_what_it_made_changes_nothing_more() -> None:
    made = flock(standby("s1"), standby("s2"))
    assert changes(made, 2, 0, 100, NOW) == changes(flock(*made.standbys), 2, 0, 100, NOW)
    assert (changes(made, 2, 0, 100, NOW).make, changes(made, 2, 0, 100, NOW).delete) == (0, ())


@pytest.mark.parametrize(
    ("others", "gone"),
    [
        pytest.param((starting("s2"),), [], id="the one that stands in for it still starts"),
        pytest.param((standby("s2"),), ["s1"], id="it is warm"),
        pytest.param((standby("s2", created_at=NOW - 600),), ["s1"], id="however old that one is"),
        pytest.param((standby("s2"), starting("s3")), ["s1", "s3"], id="two too many"),
    ],
)
def test_of_a_surplus_what_came_back_with_its_node_goes_first(others: tuple[Pod, ...], gone: list[str]) -> None:
    there = replace(flock(standby("s1"), *others), returned=frozenset({"uid-s1"}))
    assert sorted(one.key.name for one, _ in changes(there, 1, 0, 100, NOW).delete) == gone
    assert changes(replace(there, standbys=there.standbys[:1]), 1, 0, 100, NOW).delete == ()
