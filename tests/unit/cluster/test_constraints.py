"""What a pod template asks of its node, what a node has and refuses, as the core sees them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgewarm.cluster import kinds, workload_kinds
from edgewarm.model.constraints import Constraints, NodeTerm, PodTerm, Spread, Taint, Toleration
from edgewarm.model.geography import Point
from edgewarm.model.selector import Requirement, Selector

pytestmark = pytest.mark.unit

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
APP = {"matchLabels": {"app": "web"}}
WEB = Selector((("app", "web"),))


def constraints(**spec: Any) -> Constraints:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [], **spec}}
    body = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"template": template}}
    return workload_kinds.deployment(msgspec.json.encode(body)).constraints


def test_a_plain_template_goes_anywhere() -> None:
    assert constraints() == Constraints("shop", (("app", "web"),))


def test_all_that_may_keep_a_pod_off_a_node() -> None:
    term = {"topologyKey": "zone", "labelSelector": APP}
    seen = constraints(
        nodeSelector={"disk": "ssd"},
        affinity={
            "nodeAffinity": {
                REQUIRED: {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["3"]}],
                            "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}],
                        }
                    ]
                }
            },
            "podAffinity": {REQUIRED: [{**term, "namespaces": ["b", "c"]}]},
            "podAntiAffinity": {REQUIRED: [{**term, "namespaceSelector": {}}]},
        },
        tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
        topologySpreadConstraints=[
            {**term, "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule", "nodeTaintsPolicy": "Honor"},
            {**term, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"},
        ],
    )
    assert seen.node_selector == Selector((("disk", "ssd"),))
    name = Requirement("metadata.name", "In", ("n1",))
    assert seen.node_terms == (NodeTerm((Requirement("cores", "Gt", ("3",)),), (name,)),)
    assert seen.together == (PodTerm("zone", WEB, ("b", "c")),)
    assert seen.apart == (PodTerm("zone", WEB, None),)
    assert seen.tolerations == (Toleration("gpu", "Exists", "", "NoSchedule"),)
    assert seen.spreads == (Spread("zone", WEB, 2, 1, honors_affinity=True, honors_taints=True),)


def test_a_pod_tells_what_it_takes_and_whom_it_keeps_off() -> None:
    requests = {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "2G", "nvidia.com/gpu": "1"}
    anti = {"podAntiAffinity": {REQUIRED: [{"topologyKey": "kubernetes.io/hostname", "labelSelector": APP}]}}
    spec = {"nodeName": "n1", "containers": [{"resources": {"requests": requests}}], "affinity": anti}
    seen = kinds.pod(msgspec.json.encode({"metadata": {"name": "web-1", "namespace": "shop"}, "spec": spec}))
    assert seen.asks == {"cpu": 1.0, "memory": 2**30, "pods": 1.0, "ephemeral-storage": 2e9, "nvidia.com/gpu": 1.0}
    assert seen.apart == (PodTerm("kubernetes.io/hostname", WEB, ("shop",)),)


def node(annotations: dict[str, str]) -> Any:
    body = {
        "metadata": {"name": "n1", "annotations": annotations},
        "spec": {"taints": [{"key": "gpu", "value": "a", "effect": "NoSchedule"}]},
        "status": {"allocatable": {"cpu": "3920m", "memory": "8Gi", "pods": "110", "nvidia.com/gpu": "2"}},
    }
    return kinds.node(msgspec.json.encode(body))


def test_a_node_tells_what_it_can_give_what_it_refuses_and_where_it_is() -> None:
    seen = node({"edgewarm.io/latitude": "51.5", "edgewarm.io/longitude": "-0.12"})
    assert seen.allocatable == {"cpu": 3.92, "memory": 8 * 2**30, "pods": 110.0, "nvidia.com/gpu": 2.0}
    assert (seen.taints, seen.point) == ((Taint("gpu", "a", "NoSchedule"),), Point(51.5, -0.12))


@pytest.mark.parametrize("latitude", ["", "north", "91", "nan", "inf"])
def test_a_place_that_is_none_is_unknown(latitude: str) -> None:
    assert node({"edgewarm.io/latitude": latitude, "edgewarm.io/longitude": "0"}).point is None
