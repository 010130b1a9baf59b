"""Parking as it is carried out: pods out first, promotions held, and back again where the scale stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.ladder import LadderPlan
from edgewarm.engine.parking import Parker
from edgewarm.engine.promoter import HELD_SECONDS, Promoter
from edgewarm.engine.reports import Case
from edgewarm.engine.standby import StandbyRung
from edgewarm.model.errors import Conflict
from edgewarm.model.operations import PatchObject
from edgewarm.model.policy import Mode, Policy
from edgewarm.model.rungs import ParkingTerms, RungName, Rungs, StandbyTerms
from edgewarm.model.workload import Rollout
from edgewarm.replay.world import MemoryTelemetry
from support.builders import NOW, book, judgement
from support.rungs import Recorder, asked, standing_policy, told, view
from support.warm import deployment, pod, replica_set, standby

pytestmark = pytest.mark.unit
FOUR = tuple(pod(name) for name in "abcd")
TERMS = Rungs(StandbyTerms(2), ParkingTerms())


def case(wanted: Policy | None = None, pods: tuple[Any, ...] = FOUR, **overrides: Any) -> tuple[Case, Recorder]:
    policy = wanted or replace(standing_policy(), rungs=TERMS)
    seen = view(pods, wanted=policy, **overrides)
    climb = asked(seen)
    known = judgement(90.0, book=book(policy=policy), workload=climb.workload)
    ladder = LadderPlan(((RungName.STANDBY, StandbyRung().plan(climb)),))
    found = Case(climb.item, book(policy=policy), climb.workload, known, "", climb=climb, ladder=ladder)
    return found, Recorder(seen=seen)


async def park(parker: Parker, found: Case, after: int) -> tuple[Any, ...]:
    """All batches."""
    return tuple([one for batch in parker.batches(found, after) for one in await parker.park(found, batch, NOW)])


def parker(cluster: Recorder) -> tuple[Parker, Promoter]:
    promoter = Promoter(cluster, MemoryTelemetry())
    return Parker(cluster, MemoryTelemetry(), promoter), promoter


async def test_a_parked_pod_has_a_standbys_labels_and_owner_and_the_time() -> None:
    found, cluster = case()
    parked = await park(parker(cluster)[0], found, 2)
    assert len(parked) == 2
    patch = cluster.done[0]
    assert isinstance(patch, PatchObject)
    meta = patch.body["metadata"]
    assert meta["labels"] == {
        "app": "edgewarm-standby",
        "pod-template-hash": None,
        "edgewarm.io/policy": "web",
        "edgewarm.io/rung": "Standby",
        "edgewarm.io/template-hash": "hash-1",
        "edgewarm.io/parked-at": str(int(NOW)),
    }
    assert meta["ownerReferences"][0]["kind"] == "WarmingPolicy"
    assert (patch.uid, patch.resource_version) == ("uid-d", "7")


@pytest.mark.parametrize(
    ("found", "after"),
    [
        pytest.param(case(), 4, id="nothing is taken away"),
        pytest.param(case(replace(standing_policy(), rungs=Rungs(StandbyTerms(2)))), 2, id="not opted into"),
        pytest.param(case(replace(standing_policy(mode=Mode.RECOMMEND), rungs=TERMS)), 2, id="mode Recommend"),
        pytest.param(case(target=deployment(Rollout("1", True))), 2, id="a rollout is under way"),
        pytest.param(case(unseen=frozenset({"uid-web"})), 2, id="the cache is older than our last write"),
        pytest.param(case(pods=(*FOUR, standby("s1"), standby("s2"))), 2, id="there are standbys enough"),
        pytest.param(case(services={}), 2, id="no standby can be built from the template"),
    ],
)
async def test_nothing_is_parked(found: tuple[Case, Recorder], after: int) -> None:
    parked = await park(parker(found[1])[0], found[0], after)
    assert (parked, found[1].done) == ((), [])


async def test_until_the_replica_set_is_lowered_nothing_else_is_promoted_in_their_place() -> None:
    found, cluster = case(pods=(*FOUR, standby("s1")))
    mine, promoter = parker(cluster)
    (parked,) = await park(mine, found, 2)
    left = tuple(one for one in FOUR if one.key != parked.pod.key)
    cluster.seen = view((*left, standby("s1")), wanted=found.book.policy)
    assert await promoter.look(NOW + 1) == 0  # it still wants four, and has three
    cluster.seen = view((*left, standby("s1")), wanted=found.book.policy, sets=(replica_set(2),))
    assert await promoter.look(NOW + 2) == 0  # lowered: it lacks none
    cluster.seen = view((*left, standby("s1")), wanted=found.book.policy)
    assert await promoter.look(NOW + 3) == 1  # raised again: as ever


async def test_a_scale_in_that_never_comes_holds_promotions_for_a_while_only() -> None:
    found, cluster = case(pods=(*FOUR, standby("s1")))
    mine, promoter = parker(cluster)
    (parked,) = await park(mine, found, 2)
    cluster.seen = view((*(p for p in FOUR if p.key != parked.pod.key), standby("s1")), wanted=found.book.policy)
    later = NOW + 10 * HELD_SECONDS
    assert await promoter.look(later) == 0  # it is still being lowered
    mine.lowered(found)
    assert await promoter.look(later) == 0
    assert await promoter.look(later + HELD_SECONDS - 1) == 0
    assert await promoter.look(later + HELD_SECONDS) == 1


async def test_where_the_scale_could_not_be_lowered_they_go_back_at_once() -> None:
    found, cluster = case()
    mine, _ = parker(cluster)
    await mine.take_back(found, await park(mine, found, 2))
    assert told(cluster.done) == ["patch d", "patch c", "patch d", "patch c"]
    back = cluster.done[-1]
    assert isinstance(back, PatchObject)
    assert back.body["metadata"]["labels"]["app"] == "web"
    assert back.body["metadata"]["labels"]["edgewarm.io/parked-at"] is None
    assert (back.uid, back.resource_version) == ("uid-c", "")  # its version is our own patch's, which we have not seen


async def test_one_that_changed_under_us_is_deleted_like_any_other() -> None:
    found, cluster = case()
    cluster.problems["d"] = Conflict("it changed")
    parked = await park(parker(cluster)[0], found, 2)
    assert [one.pod.key.name for one in parked] == ["c"]
