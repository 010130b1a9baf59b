"""Where the API server serves what."""

from __future__ import annotations

import pytest

from edgewarm.cluster import resources
from edgewarm.model.errors import Invalid
from edgewarm.model.identity import Key, TargetRef

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("resource", "key", "subresource", "path"),
    [
        (resources.PODS, Key("shop", "a"), "", "/api/v1/namespaces/shop/pods/a"),
        (resources.NODES, Key("", "n1"), "", "/api/v1/nodes/n1"),
        (resources.DEPLOYMENTS, Key("shop", "a"), "scale", "/apis/apps/v1/namespaces/shop/deployments/a/scale"),
        (resources.POOLS, Key("", "edge"), "status", "/apis/edgewarm.io/v1alpha1/edgenodepools/edge/status"),
        (resources.PODS, Key("shop", "../x"), "", "/api/v1/namespaces/shop/pods/..%2Fx"),  # a name is never a path
    ],
)
def test_the_path_of_an_object(resource: resources.Resource, key: Key, subresource: str, path: str) -> None:
    assert resource.path_of(key, subresource) == path


def test_the_path_of_a_collection_spans_all_namespaces() -> None:
    assert resources.POLICIES.path() == "/apis/edgewarm.io/v1alpha1/warmingpolicies"


def test_what_can_be_scaled() -> None:
    assert resources.scalable(TargetRef("apps/v1", "StatefulSet", "db")) is resources.STATEFUL_SETS
    with pytest.raises(Invalid, match="found batch/v1 Job, set targetRef to one of"):
        resources.scalable(TargetRef("batch/v1", "Job", "x"))
