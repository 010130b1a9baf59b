"""Standbys at rest on a real API server: resized by its rules, promoted at their full size, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from controlplane.api import ApiError, api_from
from rig.objects import Manifest
from rig.operator import NAMESPACE, RELEASE
from rig.warmth import Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE
from tests_ladder.test_rights import OPERATOR

pytestmark = pytest.mark.e2e
STRATEGIC = "application/strategic-merge-patch+json"
FULL, REST = ("500m", "1"), ("20m", "100m")
RESTING = {"standby": {"min": 2, "max": 2, "rest": {"cpu": REST[0], "limit": REST[1]}}}


def resizable(deployment: Manifest) -> None:
    """Its pods run where kubelets resize in place."""
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = {
        **template["metadata"].get("annotations", {}),
        "e2e.edgewarm.io/resizes": "true",
    }
    requests = {"cpu": FULL[0], "memory": "64Mi"}
    template["spec"]["containers"][0]["resources"] = {"requests": requests, "limits": {"cpu": FULL[1]}}


def given(pods: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """(request, limit) of cpu that the kubelets say the pods have."""
    found = [pod["status"]["containerStatuses"][0].get("resources", {}) for pod in pods]
    return [(one.get("requests", {}).get("cpu"), one.get("limits", {}).get("cpu")) for one in found]


@pytest.fixture(scope="module")
def shop(here: World) -> Shop:
    """Two serving pods, and two standbys that rest."""
    shop = Shop(here, PLACE, "resting").open(change=resizable, rungs=RESTING)
    shop.until("standbys at rest", lambda: given(shop.standbys()) == [REST, REST])
    return shop


def as_operator(shop: Shop, pod: dict[str, Any], resources: dict[str, Any]) -> None:
    """By its own ServiceAccount; it may not even read the subresource, as kubectl does first."""
    api = api_from(shop.here.cluster.kubeconfig_for_service_account(NAMESPACE, RELEASE))
    name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]["name"]
    patch = {"spec": {"containers": [{"name": container, "resources": resources}]}}
    api.patch(f"/api/v1/namespaces/{shop.place}/pods/{name}/resize", patch, STRATEGIC)


def test_the_operator_resizes_the_cpu_of_its_standbys_and_nothing_else(shop: Shop) -> None:
    assert shop.here.kubectl.can_i(OPERATOR, ["patch", "pods/resize", "-n", PLACE])
    assert not shop.here.kubectl.can_i(OPERATOR, ["patch", "pods/resize", "-n", "default"])
    with pytest.raises(ApiError, match="cpu of its standbys, and nothing else of any pod"):
        as_operator(shop, shop.serving()[0], {"requests": {"cpu": "30m"}})
    for more in ({"requests": {"memory": "128Mi"}}, {"limits": {"memory": "128Mi"}}):
        with pytest.raises(ApiError, match="may resize the cpu of its standbys"):
            as_operator(shop, shop.standbys()[0], more)


def test_they_are_promoted_at_their_full_size_long_before_a_cold_pod_is_ready(shop: Shop, cold_start: float) -> None:
    before = uids([*shop.serving(), *shop.standbys()])
    requests = [pod["spec"]["containers"][0]["resources"]["requests"] for pod in shop.standbys()]
    assert requests == [{"cpu": REST[0], "memory": "64Mi"}] * 2

    shop.scale(4)
    seconds = shop.seconds_to_serve(4)
    print(f"{shop.name}: {seconds:.2f} s, cold {cold_start:.2f} s")
    assert seconds < cold_start / 4
    shop.until("the cold twins to go", lambda: len(shop.serving()) == 4)
    assert uids(shop.serving()) == before
    assert given(shop.serving()) == [FULL] * 4
