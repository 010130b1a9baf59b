"""A recorded world with pods: what the ReplicaSet adopts, starts and deletes."""

from __future__ import annotations

import pytest

from edgewarm.engine.standby import StandbyRung
from edgewarm.manifests.standby import StandbyDraft, parking, promotion, standby_pod
from edgewarm.model.errors import Conflict, NotFound
from edgewarm.model.operations import CreateObject, DeleteObject, PatchObject
from edgewarm.model.workload import Owner, Pod
from edgewarm.replay.account import Crew
from edgewarm.replay.pods import PodCluster
from edgewarm.replay.starts import Starts
from support.builders import policy_object

pytestmark = pytest.mark.unit
HIDDEN = {"app": "hidden"}


class World:
    """Two pods serve at time 0; a start takes a minute."""

    def __init__(self) -> None:
        item = policy_object()
        self.cluster = PodCluster({item.key: item}, 2, Starts(60.0))
        self.item = item

    @property
    def crew(self) -> Crew:
        return self.cluster.crew

    async def scale(self, count: int) -> None:
        (workload,) = self.cluster.view().workloads.values()
        await self.cluster.scale(workload, count)

    async def make_standby(self) -> None:
        view = self.cluster.view()
        (workload,), ((found,),) = view.workloads.values(), view.replica_sets.values()
        draft = StandbyDraft(self.item.key, self.item.uid, found, workload.template, HIDDEN)
        await self.cluster.carry_out(
            CreateObject(self.item.uid, "Pod", self.item.key.namespace, standby_pod(draft), "")
        )

    async def patch(self, pod: Pod, body: dict[str, object], version: str | None = None) -> None:
        seen = pod.resource_version if version is None else version
        await self.cluster.carry_out(PatchObject(self.item.uid, "Pod", pod.key, pod.uid, seen, body, ""))

    async def promote(self) -> None:
        (pod,) = self.cluster.view().owned_by(self.item.uid)
        (workload,), ((found,),) = (
            self.cluster.view().workloads.values(),
            self.cluster.view().replica_sets.values(),
        )
        await self.patch(pod, promotion(pod, workload.template, found))


async def test_a_replica_and_a_standby_are_ready_when_their_start_time_is_over() -> None:
    world = World()
    await world.scale(3)
    await world.make_standby()

    assert world.crew == Crew(serving=2, starting=1, standby=1)
    assert world.cluster.next_ready == 60.0
    world.cluster.advance(60.0)

    assert world.crew == Crew(serving=3, starting=0, standby=1)
    assert [start.seconds for start in world.cluster.take_starts()] == [60.0, 60.0]
    assert next(iter(world.cluster.view().workloads.values())).ready == 3


async def test_a_promoted_standby_serves_at_once_and_its_cold_twin_is_deleted() -> None:
    world = World()
    await world.make_standby()
    world.cluster.advance(60.0)
    await world.scale(3)
    assert world.crew == Crew(serving=2, starting=1, standby=1)

    await world.promote()

    assert world.crew == Crew(serving=3, starting=0, standby=0)
    assert world.cluster.promotions == 1
    world.cluster.advance(1000.0)
    assert world.cluster.started == 1  # the standby's own; the twin never came up


async def test_a_pod_that_is_promoted_before_the_scale_is_one_too_many() -> None:
    """As the real ReplicaSet does: the youngest goes."""
    world = World()
    await world.make_standby()
    world.cluster.advance(60.0)

    await world.promote()

    assert world.crew == Crew(serving=2, starting=0, standby=0)


async def test_parking_and_then_scaling_in_loses_no_pod() -> None:
    world = World()
    view = world.cluster.view()
    ((found,),) = view.replica_sets.values()
    pod = view.owned_by(found.uid)[0]
    await world.patch(pod, parking(pod, HIDDEN, Owner("WarmingPolicy", "web", world.item.uid), found, 0.0))
    assert world.crew == Crew(serving=1, starting=1, standby=1)

    await world.scale(1)

    assert world.crew == Crew(serving=1, starting=0, standby=1)
    assert world.cluster.parkings == 1


async def test_scaling_in_takes_starting_pods_before_ready_ones() -> None:
    world = World()
    await world.scale(4)

    await world.scale(3)

    assert world.crew == Crew(serving=2, starting=1, standby=0)


async def test_what_changed_since_it_was_seen_is_not_written() -> None:
    world = World()
    await world.make_standby()
    (pod,) = world.cluster.view().owned_by(world.item.uid)
    (stale,) = world.cluster.view().workloads.values()
    await world.scale(3)

    with pytest.raises(Conflict):
        await world.patch(pod, {"metadata": {"labels": {"app": "web"}}}, version="0")
    with pytest.raises(Conflict):
        await world.cluster.scale(stale, 5)
    gone = DeleteObject(world.item.uid, "Pod", pod.key, "another", "", "")
    with pytest.raises(NotFound):
        await world.cluster.carry_out(gone)


async def test_the_view_has_all_that_the_standby_rung_asks_for() -> None:
    """The label that the ReplicaSet and the Service select on is there, and the rung is at home in it."""
    world = World()
    view = world.cluster.view()
    (workload,) = view.workloads.values()

    assert workload.rollout is not None
    assert workload.rollout.complete
    assert view.services["shop"][0].matches(workload.template.labels)
    assert not StandbyRung().is_wanted(world.item.policy) if world.item.policy else False
