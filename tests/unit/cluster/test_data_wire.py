"""What pods say of data: what they mount, what ours have staged, and how a fetch ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgewarm.cluster import kinds
from edgewarm.model.data import Staged
from edgewarm.model.names import DATA_NAME, DATA_USED, FETCH_KEY, PULL_BYTES, PULL_IMAGES, PULL_NODE, RUNG_LABEL

pytestmark = pytest.mark.unit

DIGEST = f"sha256:{'a' * 64}"
ENDED = "2026-11-29T08:00:00Z"


def seen(meta: dict[str, Any] | None = None, **parts: Any) -> Any:
    """A pod as the API server tells it."""
    wire = {"metadata": {"name": "p", "namespace": "shop", **(meta or {})}, "spec": {"containers": []}, **parts}
    return kinds.pod(json.dumps(wire).encode())


def fetching(phase: str, state: dict[str, Any] | None = None, **status: Any) -> Any:
    """A pod of ours that fetches, on a node."""
    meta = {"labels": {RUNG_LABEL: "Data"}, "annotations": {FETCH_KEY: "k", DATA_NAME: "table"}}
    told = {"phase": phase, **({"containerStatuses": [{"state": state}]} if state else {}), **status}
    return seen(meta, spec={"nodeName": "n", "containers": [{"name": "fetch", "image": "operator:1"}]}, status=told)


def ended(code: int, message: str) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": "Error", "message": message, "finishedAt": ENDED}}


def test_image_volumes_are_mounts_by_their_whole_name() -> None:
    volumes = [
        {"name": "a", "image": {"reference": f"team/vision@{DIGEST}"}},
        {"name": "b", "image": {"reference": "table:2", "pullPolicy": "IfNotPresent"}},
        {"name": "c", "emptyDir": {}},
    ]
    found = seen(spec={"containers": [], "volumes": volumes}).mounts
    assert found == {f"docker.io/team/vision@{DIGEST}", "docker.io/library/table:2"}
    assert seen().mounts == frozenset()


@pytest.mark.parametrize(
    ("used", "expected"),
    [(ENDED, 1795939200.0), (None, None), ("yesterday", None)],
    ids=["read", "never read", "edited by somebody"],
)
def test_a_pod_that_staged_data_says_what_and_when_it_was_read(used: str | None, expected: float | None) -> None:
    notes = {PULL_NODE: "n", PULL_IMAGES: "k", PULL_BYTES: "100", DATA_NAME: "vision", DATA_USED: used}
    annotations = {name: value for name, value in notes.items() if value is not None}
    containers = [{"name": "image-0", "image": f"vision@{DIGEST}"}]
    pod = seen({"labels": {RUNG_LABEL: "Data"}, "annotations": annotations}, spec={"containers": containers})
    assert pod.staged == Staged("vision", f"vision@{DIGEST}", expected)
    assert (pod.pulling.node, pod.pulling.size, pod.fetching) == ("n", 100, None)


@pytest.mark.parametrize(
    ("pod", "done", "trouble", "refused", "over"),
    [
        pytest.param(fetching("Running", {"running": {}}), False, "", False, False, id="on its way"),
        pytest.param(fetching("Succeeded", ended(0, '{"outcome": "Fetched"}')), True, "", False, True, id="there"),
        pytest.param(
            fetching("Failed", ended(3, '{"outcome": "Refused", "message": "it has another digest"}')),
            False,
            "it has another digest",
            True,
            True,
            id="refused, in the words of the program",
        ),
        pytest.param(
            fetching("Failed", ended(1, '{"outcome": "Interrupted", "message": "answers 503"}')),
            False,
            "answers 503",
            False,
            True,
            id="interrupted",
        ),
        pytest.param(
            fetching("Failed", ended(137, "")), False, "Error", False, True, id="killed before it could speak"
        ),
        pytest.param(
            fetching("Failed", reason="Evicted", message="low on disk"),
            False,
            "Evicted: low on disk",
            False,
            True,
            id="evicted without a status",
        ),
        pytest.param(
            fetching("Pending", {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}),
            False,
            "ErrImagePull: no such image",
            False,
            False,
            id="its own image is missing",
        ),
    ],
)
def test_a_fetch_tells_how_far_it_is(pod: Any, done: bool, trouble: str, refused: bool, over: bool) -> None:
    progress = pod.fetching
    assert (progress.done, progress.trouble, progress.refused) == (done, trouble, refused)
    assert (progress.ended_at is not None, progress.key, pod.pulling) == (over, "k", None)


def test_a_fetch_that_finds_no_node_says_why() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "claim not bound"}
    meta = {"labels": {RUNG_LABEL: "Data"}, "annotations": {FETCH_KEY: "k"}}
    pod = seen(meta, status={"phase": "Pending", "conditions": [condition]})
    assert pod.fetching.trouble == "Unschedulable: claim not bound"


def test_words_that_are_no_json_are_told_as_they_are() -> None:
    assert (
        fetching("Failed", ended(2, "edgewarm: no such option")).fetching.trouble == "Error: edgewarm: no such option"
    )
