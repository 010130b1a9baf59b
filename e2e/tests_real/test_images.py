"""Images on a real node: pulled ahead over a slow link, held by a pod that runs nothing, and a start that is faster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controlplane.real_node import RealNode
from controlplane.real_node.images import workload_image
from controlplane.real_node.settings import NODE, REGISTRY
from controlplane.waiting import wait_until
from rig.answers import first_answer, service, unstarted
from rig.moving import PLACE, POOL, UNSTARTED, deployment, disk_bytes, pull_pod, says, stages, warmed
from rig.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.real_node]

MEGABYTE = 1_000_000
SIZE = 100 * MEGABYTE
RATE = 10 * MEGABYTE  # bytes/s of the link: ten seconds for the image


def test_a_service_answers_much_sooner_by_a_pod_on_a_node_that_was_given_the_image(
    here: World, node: RealNode, record_property: Callable[[str, object], None]
) -> None:
    images = {name: node.push(name, workload_image(SIZE + extra)) for name, extra in (("cold", 0), ("warm", 4096))}
    here.kubectl.apply(POOL, *(unstarted(name, image) for name, image in images.items()), *map(service, images))
    node.shape(RATE)
    here.kubectl.apply(warmed("warm", **UNSTARTED))

    wait_until(
        "the image on the node", lambda: says(here, "warm").startswith("Warm"), 180.0, lambda: says(here, "warm")
    )
    found = pull_pod(here, "warm")
    assert found is not None
    (status,) = found["status"]["containerStatuses"]
    assert (found["status"]["phase"], status["state"]["terminated"]["reason"]) == ("Failed", "StartError")

    answers = {name: first_answer(here, name) for name in images}  # one by one, so that they do not share the link
    node.shape(0)
    for name, answer in answers.items():
        answer.tell(record_property, f"{name}, an image of 100 MB over {RATE / MEGABYTE:.0f} MB/s")

    assert answers["warm"].seconds < answers["cold"].seconds / 2
    assert answers["warm"].held == "0m"
    wait_until("its stages", lambda: stages(here, "warm") >= {"Ready"}, 240.0, lambda: str(stages(here, "warm")))


def test_an_image_that_does_not_exist_is_said_with_the_kubelets_reason(here: World, node: RealNode) -> None:
    here.kubectl.apply(POOL, deployment("gone", f"{REGISTRY}/gone:1"))
    here.kubectl.run("rollout", "status", "deployment", "gone", "-n", PLACE, "--timeout=150s")
    here.kubectl.apply(warmed("gone"))

    wait_until("the trouble", lambda: "PullFailing" in says(here, "gone"), 240.0, lambda: says(here, "gone"))
    assert "0 of 1 images are there" in says(here, "gone")
    assert "ErrImagePull" in says(here, "gone") or "ImagePullBackOff" in says(here, "gone")
    here.kubectl.run("delete", "wp", "gone", "-n", PLACE)
    wait_until("garbage collection", lambda: pull_pod(here, "gone") is None, 240.0)


def test_an_image_that_would_fill_the_disk_of_a_node_is_not_pulled_and_that_is_said(here: World) -> None:
    """Another node lists it with a third of the disk that the real node's kubelet reports: unpacked, all of it."""
    image, listed = f"{REGISTRY}/vast:1", "/api/v1/nodes/sim-0/status"
    vast = [{"names": [image], "sizeBytes": disk_bytes(here) // 3}]
    here.cluster.api().patch(listed, {"status": {"images": vast}})
    here.kubectl.apply(POOL, unstarted("vast", image), warmed("vast", **UNSTARTED))

    told = f"Waiting: images are on 0 of 1 nodes; {NODE} waits: its disk would be too full"
    wait_until("the guard", lambda: says(here, "vast") == told, 180.0, lambda: says(here, "vast"))
    assert pull_pod(here, "vast") is None
    here.cluster.api().patch(listed, {"status": {"images": []}})
    wait_until("the pull without it", lambda: pull_pod(here, "vast") is not None, 180.0, lambda: says(here, "vast"))
    here.kubectl.run("delete", "wp", "vast", "-n", PLACE)


@pytest.mark.slow
def test_a_finished_pull_pod_keeps_its_container_so_that_the_kubelet_spares_the_image(
    here: World, node: RealNode
) -> None:
    """The kubelet's collector spares images that a container of any state uses (image_gc_manager, detectImages)."""
    here.kubectl.apply(POOL, deployment("kept", node.push("kept", workload_image())))
    here.kubectl.run("rollout", "status", "deployment", "kept", "-n", PLACE, "--timeout=150s")
    here.kubectl.apply(warmed("kept"))
    wait_until("the image", lambda: says(here, "kept").startswith("Warm"), 180.0, lambda: says(here, "kept"))
    found = pull_pod(here, "kept")
    assert found is not None
    (status,) = found["status"]["containerStatuses"]
    kept = {container.rpartition("/")[2] for container in node.containers()}
    assert status["containerID"].rpartition("/")[2] in kept
    here.kubectl.run("delete", "pod", found["metadata"]["name"], "-n", PLACE)
    gone = status["containerID"].rpartition("/")[2]
    wait_until("the container to go with its pod", lambda: gone not in node.containers(), 240.0)
