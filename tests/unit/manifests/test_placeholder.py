"""What a placeholder is made of: nothing of the workload but what decides where its pods go and what they ask for."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.manifests.placeholder import PlaceholderDraft, placeholder, placeholder_key
from edgewarm.model.identity import Key
from edgewarm.model.node_room import NodeRoomSettings
from support.warm import template

pytestmark = pytest.mark.unit
ASKS = {"cpu": 0.25, "memory": 64.0 * 2**20, "pods": 1.0}
OURS = {"matchLabels": {"edgewarm.io/policy": "web", "edgewarm.io/rung": "NodeRoom"}}
OWN = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "kubernetes.io/hostname"}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
SETTINGS = NodeRoomSettings("mirror.example/pause:3.10", "edge-node-room")


def draft(asks: dict[str, float] | None = None, **spec: Any) -> PlaceholderDraft:
    return PlaceholderDraft(Key("shop", "web"), "uid-web", template(**spec), asks or ASKS, SETTINGS)


def test_it_waits_for_a_pod_and_gives_way_to_it_at_once() -> None:
    spec = placeholder(draft(priorityClassName="high", serviceAccountName="web", hostNetwork=True))["spec"]
    (container,) = spec.pop("containers")
    assert spec == {
        "priorityClassName": "edge-node-room",
        "preemptionPolicy": "Never",
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
    }
    assert (container["image"], container["resources"]) == (
        "mirror.example/pause:3.10",
        {"requests": {"cpu": "250m", "memory": "67108864"}},
    )


def test_it_belongs_to_its_policy_and_carries_no_label_of_the_workload() -> None:
    meta = placeholder(draft())["metadata"]
    assert meta["labels"] == {
        "edgewarm.io/policy": "web",
        "edgewarm.io/rung": "NodeRoom",
        "edgewarm.io/template-hash": placeholder_key(draft()),
        "sidecar.istio.io/inject": "false",
    }
    assert meta["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "true"
    (owner,) = meta["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("WarmingPolicy", "uid-web", True)
    assert (meta["generateName"], meta["namespace"]) == ("web-room-", "shop")


def test_it_goes_where_the_workloads_pods_may_as_far_apart() -> None:
    where = {
        "nodeSelector": {"zone": "north"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"podAntiAffinity": {REQUIRED: [OWN]}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **OWN}
        ],
    }
    spec = placeholder(draft(**where))["spec"]
    assert (spec["nodeSelector"], spec["tolerations"]) == (where["nodeSelector"], where["tolerations"])
    copied = {"labelSelector": OURS, "topologyKey": "kubernetes.io/hostname"}
    assert spec["affinity"]["podAntiAffinity"][REQUIRED] == [OWN, copied]
    assert spec["topologySpreadConstraints"][0]["labelSelector"] == OURS


def test_on_a_node_that_its_pool_named_it_is_the_same_placeholder() -> None:
    found = placeholder(draft(), "edge-7")
    (term,) = found["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert term["matchFields"] == [{"key": "metadata.name", "operator": "In", "values": ["edge-7"]}]
    assert found["metadata"]["labels"]["edgewarm.io/template-hash"] == placeholder_key(draft())


@pytest.mark.parametrize(
    "other",
    [draft({**ASKS, "cpu": 0.5}), draft(nodeSelector={"zone": "north"}), draft(tolerations=[{"operator": "Exists"}])],
    ids=["requests", "nodes", "tolerations"],
)
def test_what_decides_on_room_makes_another_one(other: PlaceholderDraft) -> None:
    assert placeholder_key(other) != placeholder_key(draft())
    assert placeholder_key(draft(priorityClassName="high")) == placeholder_key(draft())


def test_what_cannot_be_overcommitted_is_limited_to_what_is_asked() -> None:
    (container,) = placeholder(draft({"cpu": 0.0001, "nvidia.com/gpu": 1.0, "memory": 0.0}))["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "1m", "nvidia.com/gpu": "1"},
        "limits": {"nvidia.com/gpu": "1"},
    }


def test_windows_nodes_get_no_security_context_of_linux() -> None:
    (container,) = placeholder(draft(os={"name": "windows"}))["spec"]["containers"]
    assert "securityContext" not in container
