"""Promotions as they are carried out: guarded, once, and only where they may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgewarm.engine.promoter import ARRIVED_SECONDS, REFUSED_SECONDS, Promoter
from edgewarm.model.errors import Conflict, Forbidden
from edgewarm.model.identity import TargetRef
from edgewarm.model.operations import Operation, PatchObject
from edgewarm.model.policy import Mode
from edgewarm.model.rungs import Rungs
from edgewarm.model.template import PodTemplate
from edgewarm.model.view import ClusterView
from edgewarm.model.workload import Owner, Pod, Rollout
from edgewarm.replay.world import MemoryTelemetry
from support.builders import NOW, policy_object
from support.rungs import Recorder, standing_policy, told, view
from support.warm import deployment, full, node, pod, replica_set, resting, rising, sized, standby

pytestmark = pytest.mark.unit
SHORT = (pod("a"), pod("b"), standby("s1"), standby("s2"), standby("s3"))  # the ReplicaSet wants 4


async def test_what_the_replica_set_lacks_is_promoted_in_the_version_that_was_seen() -> None:
    cluster = Recorder(seen=view(SHORT))
    assert await Promoter(cluster, MemoryTelemetry()).look(NOW) == 2
    assert told(cluster.done) == ["patch s1", "patch s2"]
    patch = cluster.done[0]
    assert isinstance(patch, PatchObject)
    assert (patch.uid, patch.resource_version, patch.body["metadata"]["ownerReferences"]) == ("uid-s1", "7", None)


async def test_a_second_look_at_the_same_view_promotes_nothing_more() -> None:
    cluster = Recorder(seen=view(SHORT))
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    assert await promoter.look(NOW + 1) == 0


async def test_between_patch_and_adoption_it_counts_and_after_it_the_replica_set_counts_it() -> None:
    cluster = Recorder(seen=view(SHORT))
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    orphans = (pod("s1", owner=None), pod("s2", owner=None))
    cluster.seen = view((*SHORT[:2], *orphans, SHORT[4]))
    assert await promoter.look(NOW + 1) == 0
    cluster.seen = view((*SHORT[:2], pod("s1"), pod("s2"), SHORT[4]))
    assert await promoter.look(NOW + 2) == 0
    cluster.seen = view((*SHORT[:2], pod("s1"), SHORT[4]))  # s2 died
    assert await promoter.look(NOW + 3) == 1


async def test_one_that_nobody_adopts_does_not_count_for_ever() -> None:
    cluster = Recorder(seen=view(SHORT))
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    cluster.seen = view((*SHORT[:2], pod("s1", owner=None), pod("s2", owner=None), SHORT[4]))
    assert await promoter.look(NOW + ARRIVED_SECONDS + 1) == 1


async def test_while_the_watch_of_pods_hangs_no_more_are_promoted_than_the_replica_set_lacks() -> None:
    """Both were adopted, which only the ReplicaSet shows; nothing else is promoted, however long that lasts."""
    cluster = Recorder(seen=view(SHORT))
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    cluster.seen = view(SHORT, sets=(replica_set(4, counted=4),))
    assert await promoter.look(NOW + ARRIVED_SECONDS + 1) == 0


async def test_one_that_changed_under_us_is_left_and_the_next_look_takes_another() -> None:
    cluster = Recorder(seen=view(SHORT), problems={"s1": Conflict("it changed")})
    promoter = Promoter(cluster, MemoryTelemetry())
    assert await promoter.look(NOW) == 1
    cluster.problems.clear()
    assert await promoter.look(NOW + 1) == 1
    assert told(cluster.done) == ["patch s2", "patch s1"]


async def test_a_policy_whose_patch_cannot_be_built_leaves_the_others_promoted() -> None:
    """Its annotations are a list, as no API server would have it."""
    seen, odd = view(SHORT), TargetRef("apps/v1", "Deployment", "odd")
    target = replace(
        deployment(), ref=odd, uid="uid-odd", template=PodTemplate(b'{"metadata": {"annotations": ["x"]}}')
    )
    item = policy_object("odd", policy=replace(standing_policy(), target=odd))
    spare = standby("o1", owner=Owner("WarmingPolicy", "odd", item.uid))
    cluster = Recorder(
        seen=replace(
            seen,
            policies={item.key: item, **seen.policies},
            workloads={**seen.workloads, ("shop", odd): target},
            replica_sets={**seen.replica_sets, "uid-odd": (replica_set(1, uid="odd-set"),)},
            owned={**seen.owned, item.uid: {spare.key: spare}},
        )
    )
    assert await Promoter(cluster, MemoryTelemetry()).look(NOW) == 2
    assert told(cluster.done) == ["patch s1", "patch s2"]


def younger() -> ClusterView:
    """The policy is not alone on its target, and not the first."""
    seen = view(SHORT)
    elder = policy_object("elder", created_at=NOW - 9000.0, policy=replace(standing_policy(), rungs=Rungs()))
    return replace(seen, policies={**seen.policies, elder.key: elder})


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(view(SHORT, wanted=standing_policy(mode=Mode.OBSERVE)), id="mode Observe"),
        pytest.param(view(SHORT, wanted=standing_policy(paused_until=NOW + 1)), id="paused"),
        pytest.param(view(SHORT, wanted=replace(standing_policy(), rungs=Rungs())), id="opted out"),
        pytest.param(view(SHORT, target=deployment(Rollout("1", True))), id="a rollout is under way"),
        pytest.param(view(SHORT, sets=(replica_set(2),)), id="nothing is lacking"),
        pytest.param(view(SHORT, workloads={}), id="the workload is gone"),
        pytest.param(younger(), id="the younger of two policies"),
    ],
)
async def test_nothing_is_promoted(seen: ClusterView) -> None:
    cluster = Recorder(seen=seen)
    assert await Promoter(cluster, MemoryTelemetry()).look(NOW) == 0
    assert cluster.done == []


async def test_in_mode_recommend_standbys_that_were_approved_are_promoted() -> None:
    cluster = Recorder(seen=view(SHORT, wanted=standing_policy(mode=Mode.RECOMMEND)))
    assert await Promoter(cluster, MemoryTelemetry()).look(NOW) == 2


AT_REST = (pod("a"), pod("b"), resting("r1"), resting("r2"), resting("r3"))
SIZED_WEB = deployment(template=sized())


def rested(pods: tuple[Pod, ...] = AT_REST, **overrides: Any) -> ClusterView:
    """Two pods are lacking; one requests a core."""
    return view(pods, **({"target": SIZED_WEB, "can_resize": True} | overrides))


async def test_one_at_rest_is_resized_first_and_promoted_when_it_has_its_cpu() -> None:
    cluster = Recorder(seen=rested())
    promoter = Promoter(cluster, MemoryTelemetry())
    assert await promoter.look(NOW) == 0
    assert told(cluster.done) == ["patch r1", "patch r2"]
    patch = cluster.done[0]
    assert isinstance(patch, PatchObject)
    assert (patch.subresource, patch.resource_version) == ("resize", "7")
    assert patch.body == {"spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1000m"}}}]}}

    assert await promoter.look(NOW) == 0  # the view does not show it yet
    cluster.seen = rested((*AT_REST[:2], rising("r1", resource_version="8"), *AT_REST[3:]))
    assert await promoter.look(NOW) == 0
    assert len(cluster.done) == 2
    cluster.seen = rested((*AT_REST[:2], *(full(name, resource_version="9") for name in ("r1", "r2")), AT_REST[4]))
    assert await promoter.look(NOW) == 2
    assert told(cluster.done[2:]) == ["patch r1", "patch r2"]


async def test_another_rises_where_a_kubelet_cannot() -> None:
    cluster = Recorder(seen=rested((*AT_REST[:2], rising("r1", "Deferred: no room"), *AT_REST[3:])))
    await Promoter(cluster, MemoryTelemetry()).look(NOW)
    assert told(cluster.done) == ["patch r2", "patch r3"]


@pytest.mark.parametrize(
    ("cpu", "rise"),
    [
        pytest.param(2.3 + 1.8, 2, id="room for two to rise by 0.9"),
        pytest.param(2.3 + 1.7, 1, id="for one"),
        pytest.param(2.3, 0, id="for none"),
    ],
)
async def test_none_rises_without_the_room(cpu: float, rise: int) -> None:
    """Two pods of a core and three standbys of a tenth are there."""
    cluster = Recorder(seen=rested(nodes=(node(cpu=cpu),)))
    await Promoter(cluster, MemoryTelemetry()).look(NOW)
    assert len(cluster.done) == rise


async def test_one_that_the_api_server_does_not_resize_lets_others_go_first() -> None:
    cluster = Recorder(seen=rested(), problems={"r1": Forbidden("too large for its node")})
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    await promoter.look(NOW + 1)
    assert told(cluster.done) == ["patch r2", "patch r3"]


async def test_one_that_changed_under_us_is_asked_again_at_once() -> None:
    cluster = Recorder(seen=rested(), problems={"r1": Conflict("it changed")})
    promoter = Promoter(cluster, MemoryTelemetry())
    await promoter.look(NOW)
    cluster.problems.clear()
    await promoter.look(NOW)
    assert told(cluster.done) == ["patch r2", "patch r1"]


async def test_an_answer_that_comes_after_it_was_forgotten_is_no_error() -> None:
    """One that waited for its turn so long that another look has given it up meanwhile."""

    class Slow(Recorder):
        async def carry_out(self, operation: Operation) -> None:
            self.seen = view(())
            await promoter.look(NOW + REFUSED_SECONDS)
            raise Conflict("it changed")

    promoter = Promoter(Slow(seen=rested()), MemoryTelemetry())
    assert await promoter.look(NOW) == 0


async def test_where_nothing_is_resized_one_with_less_cpu_is_not_promoted() -> None:
    cluster = Recorder(seen=rested(can_resize=False))
    assert await Promoter(cluster, MemoryTelemetry()).look(NOW) == 0
    assert cluster.done == []
