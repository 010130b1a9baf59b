"""What a pull pod's status says of its images, and a node's status of its own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgewarm.cluster import kinds
from edgewarm.model.pulls import PullProgress

pytestmark = pytest.mark.unit


def progress(*states: dict[str, Any], phase: str = "Pending", node: str = "n1", **status: Any) -> PullProgress:
    """Of a pod with two images."""
    meta = {
        "name": "p",
        "namespace": "shop",
        "labels": {"edgewarm.io/rung": "Image"},
        "annotations": {"edgewarm.io/pull-node": "n1", "edgewarm.io/pull-images": "k"},
    }
    spec = {"nodeName": node, "containers": [{"image": "a"}, {"image": "b"}]}
    told = {"phase": phase, "containerStatuses": [{"state": state} for state in states], **status}
    found = kinds.pod(msgspec.json.encode({"metadata": meta, "spec": spec, "status": told})).pulling
    assert found is not None
    assert (found.node, found.key, found.images) == ("n1", "k", 2)
    return found


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def ended(reason: str = "StartError", at: str = "1970-01-01T00:01:40Z") -> dict[str, Any]:
    return {"terminated": {"reason": reason, "exitCode": 128, "finishedAt": at}}


@pytest.mark.parametrize(
    ("found", "pulled", "trouble"),
    [
        pytest.param(progress(), 0, "", id="nothing told yet"),
        pytest.param(progress(waiting("ContainerCreating"), waiting("ContainerCreating")), 0, "", id="on their way"),
        pytest.param(progress(ended(), waiting("ContainerCreating")), 1, "", id="the first is there"),
        pytest.param(progress(ended(), ended(), phase="Failed"), 2, "", id="containerd: both ended"),
        pytest.param(
            progress(waiting("CreateContainerError"), waiting("RunContainerError")), 2, "", id="CRI-O: created"
        ),
        pytest.param(
            progress(waiting("CreateContainerConfigError"), ended()), 2, "", id="pulled before it is configured"
        ),
        pytest.param(
            progress(ended(), waiting("ErrImagePull", "not found")), 1, "ErrImagePull: not found", id="one is missing"
        ),
        pytest.param(
            progress(waiting("ImagePullBackOff"), waiting("ContainerCreating")), 0, "ImagePullBackOff", id="backing off"
        ),
        pytest.param(
            progress(phase="Failed", reason="Evicted", message="disk"), 0, "Evicted: disk", id="evicted before it began"
        ),
        pytest.param(
            progress(waiting("ContainerCreating"), ended(), phase="Failed", reason="DeadlineExceeded"),
            1,
            "DeadlineExceeded",
            id="its time was over",
        ),
        pytest.param(
            progress(ended("ContainerStatusUnknown"), ended(), phase="Failed"),
            1,
            "it ended before all images were there",
            id="the node forgot one",
        ),
    ],
)
def test_how_many_images_are_there(found: PullProgress, pulled: int, trouble: str) -> None:
    assert (found.pulled, found.trouble, found.done) == (pulled, trouble, pulled == 2)


def test_a_pod_without_a_place_is_no_missing_image() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes fit"}
    found = progress(node="", conditions=[condition])
    assert (found.trouble, found.refused) == ("Unschedulable: 0/3 nodes fit", False)
    assert progress(waiting("ErrImagePull"), ended()).refused


def test_when_it_ended() -> None:
    assert progress(ended(), ended(at="1970-01-01T00:02:00Z"), phase="Failed").ended_at == 120.0
    assert progress(ended(), ended()).ended_at is None
    assert progress(phase="Failed").ended_at == 0.0


def test_a_pod_of_no_rung_is_no_pull() -> None:
    assert kinds.pod(msgspec.json.encode({"metadata": {"name": "p"}, "spec": {}, "status": {}})).pulling is None


def test_what_a_node_says_of_images_and_disk() -> None:
    images = [
        {"names": ["docker.io/library/web@sha256:ab", "docker.io/library/web:1"], "sizeBytes": 100},
        {"names": ["quay.io/x/proxy:2"], "sizeBytes": 30},
        {"names": None, "sizeBytes": 7},
    ]
    pressure = [{"type": "DiskPressure", "status": "True"}]
    status = {"images": images, "conditions": pressure, "allocatable": {"ephemeral-storage": "10Gi"}}
    node = kinds.node(msgspec.json.encode({"metadata": {"name": "n"}, "spec": {}, "status": status}))
    assert (node.images.has("web:1"), node.images.has("web@sha256:ab"), node.images.has("web:2")) == (True, True, False)
    assert (node.images.entries, node.images.total) == (3, 137)
    assert (node.disk_pressure, node.disk_bytes) == (True, 10 * 2**30)
