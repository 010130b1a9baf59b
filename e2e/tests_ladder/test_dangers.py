"""What a promotion could do harm to: bystanders, pods with live work, rollouts, other Services, other operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controlplane import NodeSize
from rig.objects import Manifest, condition, service
from rig.operator import OperatorProcess
from rig.warmth import Shop, is_ready, uids
from rig.world import World
from tests_ladder.conftest import PLACE, TIGHT

pytestmark = pytest.mark.e2e
COLD = 20.0


def spec_of(workload: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def corner(here: World, size: str, cpu: str) -> None:
    """A node for the pods of one test only."""
    (name,) = here.cluster.add_nodes(1, {"size": size}, NodeSize(cpu=cpu))
    here.kubectl.run("taint", "node", name, f"size={size}:NoSchedule")


def cornered(workload: Manifest, size: str) -> dict[str, Any]:
    """The pod spec, for that node."""
    spec = spec_of(workload)
    spec["nodeSelector"] = {"size": size}
    spec["tolerations"] = [*spec["tolerations"], {"key": "size", "operator": "Exists"}]
    return spec


def fast(shop: Shop, replicas: int, cold_start: float) -> None:
    """As many endpoints long before a cold pod could be one."""
    assert shop.seconds_to_serve(replicas) < cold_start / 4


def test_a_bystander_of_low_priority_on_a_full_node_stays(here: World, cold_start: float) -> None:
    """Five slots: two pods, one bystander, one standby, and one for the twin that is there for a blink."""
    corner(here, "small", "1250m")
    low = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "low"}, "value": -100}
    here.kubectl.apply(low)

    def small(workload: Manifest, priority: str = "") -> None:
        spec = cornered(workload, "small")
        spec["containers"][0]["resources"]["requests"]["cpu"] = "250m"
        if priority:
            spec["priorityClassName"] = priority

    by = Shop(here, PLACE, "bystander")
    by.open(1, 0, cold_seconds=1, change=lambda found: small(found, "low"), rungs={}, mode="Observe")
    shop = Shop(here, PLACE, "full").open(2, 0, change=small, rungs={"standby": {"min": 3, "max": 3}})
    shop.until("the standby that has room for its twin", lambda: shop.warm_standbys() == 1, 240)
    before = uids(by.serving())

    with shop.never_below(2), by.never_below(1):
        shop.scale(3)
        fast(shop, 3, cold_start)
        shop.until("the cold twin to go", lambda: len(shop.serving()) == 3)
    assert uids(by.serving()) == before
    shop.until("the status", lambda: shop.rung("Standby").get("reason") == "StandbyRoom", 240)


def test_a_pod_that_finds_no_room_gets_that_of_a_standby(here: World) -> None:
    corner(here, "tiny", "1")

    def tiny(workload: Manifest) -> None:
        cornered(workload, "tiny")["containers"][0]["resources"]["requests"]["cpu"] = "250m"

    shop = Shop(here, PLACE, "host").open(1, 2, cold_seconds=2, change=tiny, needed=1)
    other = Shop(here, PLACE, "guest")
    other.open(3, 0, cold_seconds=1, change=tiny, rungs={}, mode="Observe")  # 1 + 2 + 3 do not fit into 4

    assert len(other.serving()) == 3
    assert shop.endpoints() == 1
    shop.until("standbys to have given way", lambda: not shop.standbys())


def test_under_a_quota_the_standbys_serve_without_a_twin(here: World, cold_start: float) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "four", "namespace": TIGHT},
        "spec": {"hard": {"pods": "4"}},
    }
    here.kubectl.apply(quota)
    shop = Shop(here, TIGHT, "quota").open()
    before = uids([*shop.serving(), *shop.standbys()])

    with shop.never_below(2):
        shop.scale(4)
        fast(shop, 4, cold_start)
    assert uids(shop.serving()) == before
    failed = "StandbyFailed"
    shop.until("the policy to say so", lambda: "exceeded quota" in condition(shop.policy(), failed).get("message", ""))


def flapping(shop: Shop) -> str:
    pod: str = shop.serving()[0]["metadata"]["name"]
    shop.annotate(pod, unready="true")
    shop.until("a pod to be unready", lambda: shop.endpoints() == 1)
    return pod


def test_a_pod_whose_readiness_flaps_is_not_the_one_that_goes(here: World) -> None:
    shop = Shop(here, PLACE, "flapping").open()
    pod = flapping(shop)

    with shop.never_below(1):  # one of two
        shop.scale(4)
        shop.until("three endpoints", lambda: shop.endpoints() == 3)  # and two standbys
        shop.until("the twins to go", lambda: len(shop.serving()) == 4)
    assert pod in {one["metadata"]["name"] for one in shop.serving()}
    shop.annotate(pod, unready=None)
    shop.until("all of them", lambda: shop.endpoints() == 4)


def running_early(workload: Manifest) -> None:
    """Containers run after a second, and are ready after twenty."""
    annotations = workload["spec"]["template"]["metadata"]["annotations"]
    annotations.clear()
    annotations |= {"e2e.edgewarm.io/start-seconds": "1", "e2e.edgewarm.io/ready-seconds": "20"}


@pytest.mark.slow
def test_twins_that_run_and_are_not_ready_are_replaced(here: World, cold_start: float) -> None:
    shop = Shop(here, PLACE, "running").open(change=running_early)
    before = uids([*shop.serving(), *shop.standbys()])

    with shop.never_below(2):
        shop.scale(4)
        fast(shop, 4, cold_start)
        shop.until("the twins to go", lambda: len(shop.serving()) == 4)
    assert uids(shop.serving()) == before


@pytest.mark.slow
def test_beside_a_flapping_pod_twins_that_run_are_left_alone(here: World) -> None:
    shop = Shop(here, PLACE, "flapping-running").open(change=running_early)
    pod = flapping(shop)

    with shop.never_below(1):
        shop.scale(4)
        shop.until("three endpoints", lambda: shop.endpoints() >= 3, 240)
        shop.until("the ReplicaSet to settle", lambda: len(shop.serving()) == 4, 240)
    assert pod in {one["metadata"]["name"] for one in shop.serving()}


def roll(shop: Shop, version: str) -> None:
    body = {"spec": {"template": {"metadata": {"annotations": {"version": version}}}}}
    shop.here.kubectl.patch("deployment", shop.name, shop.place, body)


def hashes_of(standbys: list[Manifest]) -> set[str]:
    return {pod["metadata"]["labels"]["edgewarm.io/template-hash"] for pod in standbys}


def hashes(shop: Shop) -> set[str]:
    return hashes_of(shop.standbys())


def rolled_out(shop: Shop) -> bool:
    found = shop.deployment()
    conditions = {one["type"]: one.get("reason") for one in found["status"].get("conditions", [])}
    seen = found["status"].get("observedGeneration") == found["metadata"]["generation"]
    return seen and conditions.get("Progressing") == "NewReplicaSetAvailable"


def gated(workload: Manifest) -> None:
    workload["spec"]["minReadySeconds"] = 6


def test_a_rollout_keeps_its_gates_and_its_standbys_until_it_is_over(here: World) -> None:
    """Two new pods, each cold for 4 s and then watched for 6 s; nobody passes that gate without having been tried."""
    shop = Shop(here, PLACE, "rolling").open(cold_seconds=4, change=gated)
    old, kept = hashes(shop), uids(shop.standbys())
    shop.until("the first rollout", lambda: rolled_out(shop), 240)

    with shop.never_below(2):
        roll(shop, "2")
        shop.until("the rollout to begin", lambda: not rolled_out(shop))
        standbys = shop.standbys()
        while not rolled_out(shop):  # looked at before: what is done after the rollout is not what this is about
            assert uids(standbys) == kept
            assert hashes_of(standbys) == old
            standbys = shop.standbys()
        shop.until("the old ones to go", lambda: hashes(shop).isdisjoint(old), 240)
        shop.until("standbys of the new template", lambda: shop.warm_standbys() == 2, 240)
    assert all(is_ready(pod) for pod in shop.serving())


@pytest.mark.slow
def test_a_rollback_in_the_middle_finds_its_standbys_warm(here: World) -> None:
    shop = Shop(here, PLACE, "rollback").open(cold_seconds=4, change=gated)
    shop.until("the first rollout", lambda: rolled_out(shop), 240)
    kept = uids(shop.standbys())

    with shop.never_below(2):
        roll(shop, "2")
        shop.until("the rollout to begin", lambda: not rolled_out(shop))
        shop.here.kubectl.run("rollout", "undo", f"deployment/{shop.name}", "-n", shop.place)
        shop.until("the rollback", lambda: rolled_out(shop), 240)
        assert uids(shop.standbys()) == kept
        shop.scale(4)
        shop.until("four endpoints", lambda: shop.endpoints() >= 4)
        shop.until("the twins to go", lambda: len(shop.serving()) == 4)
    assert kept <= uids(shop.serving())  # those that were warm, and not the twins


def by_existence(workload: Manifest) -> None:
    tier = {"key": "tier", "operator": "In", "values": ["exists"]}
    workload["spec"]["selector"] = {"matchExpressions": [{"key": "app", "operator": "Exists"}, tier]}
    workload["spec"]["template"]["metadata"]["labels"]["tier"] = "exists"


def one_per_node(workload: Manifest) -> None:
    selector = {"matchLabels": {"app": workload["metadata"]["name"]}}
    term = {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}
    spec_of(workload)["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("exists", by_existence, marks=pytest.mark.slow, id="a selector of existence"),
        pytest.param("apart", one_per_node, id="one pod per node"),
    ],
)
def test_promotion_works_with(here: World, cold_start: float, name: str, change: Callable[[Manifest], None]) -> None:
    shop = Shop(here, PLACE, name).open(change=change)
    before = uids([*shop.serving(), *shop.standbys()])

    with shop.never_below(2):
        shop.scale(4)
        fast(shop, 4, cold_start)
        shop.until("the twins to go", lambda: len(shop.serving()) == 4)
    assert uids(shop.serving()) == before
    if name == "apart":
        assert len({pod["spec"]["nodeName"] for pod in shop.serving()}) == 4


@pytest.mark.slow
def test_a_service_that_is_added_later_gets_no_standby(here: World, cold_start: float) -> None:
    def tiered(workload: Manifest) -> None:
        workload["spec"]["template"]["metadata"]["labels"]["tier"] = "late"

    shop = Shop(here, PLACE, "late").open(change=tiered)
    late = Shop(here, PLACE, "late-2")
    here.kubectl.apply(service(PLACE, "late-2", tier="late"))
    late.until("only the serving pods", lambda: late.endpoints() == 2, 240)
    before = uids([*shop.serving(), *shop.standbys()])

    with shop.never_below(2), late.never_below(2):
        shop.scale(4)
        fast(shop, 4, cold_start)
        late.until("all of them, and no more", lambda: late.endpoints() == 4)
    assert uids(shop.serving()) == before


@pytest.mark.slow
def test_two_operators_lose_nothing(here: World, cold_start: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop = Shop(here, PLACE, "two").open()
    second = OperatorProcess(here.cluster, folder=tmp_path_factory.mktemp("second"))
    second.start()
    try:
        before = uids([*shop.serving(), *shop.standbys()])
        with shop.never_below(2):
            shop.scale(4)
            fast(shop, 4, cold_start)
            shop.until("the twins to go", lambda: len(shop.serving()) == 4)
            shop.until("as many standbys as are wanted", lambda: len(shop.standbys()) == shop.warm_standbys() == 2, 240)
        assert uids(shop.serving()) == before
    finally:
        second.stop()
