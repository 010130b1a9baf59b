"""Admission that changes labels, as a mesh's webhook does: what it adds stays, what it would expose is hidden again."""

from __future__ import annotations

import json

import pytest

from controlplane.waiting import wait_until
from rig.kubectl import KubectlError
from rig.objects import Manifest
from rig.warmth import Shop, uids
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e


def labelling(name: str, target: str, labels: str) -> tuple[Manifest, Manifest]:
    """A MutatingAdmissionPolicy that gives new pods of one Deployment's images these labels, as a CEL map."""
    ours = f"object.spec.containers.exists(c, c.image == '{PLACE}/{target}:1')"
    new_pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [new_pods]},
        "matchConditions": [{"name": "its-pods", "expression": ours}],
        "mutations": [
            {
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {
                    "expression": f"Object{{metadata: Object.metadata{{labels: Object.metadata.labels{{{labels}}}}}}}"
                },
            }
        ],
    }
    api = "admissionregistration.k8s.io/v1"
    return (
        {"apiVersion": api, "kind": "MutatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec},
        {
            "apiVersion": api,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name},
        },
    )


def labels_of_a_pod(here: World, target: str) -> dict[str, str]:
    """Those that a new pod of its image would have."""
    spec = {"containers": [{"name": "app", "image": f"{PLACE}/{target}:1"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "tried-", "namespace": PLACE}, "spec": spec}
    made = here.kubectl.run("create", "--dry-run=server", "-o", "json", "-f", "-", text=json.dumps(pod))
    found: dict[str, str] = json.loads(made)["metadata"].get("labels", {})
    return found


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        pytest.param("injected", 'injected: "yes"', {"injected": "yes"}, id="a label is added"),
        pytest.param(
            "exposed",
            'app: "exposed"',
            {"app": "exposed"},
            id="the label is set again that was hidden",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_promotion_goes_by_what_is_there(
    here: World, cold_start: float, name: str, labels: str, expected: dict[str, str]
) -> None:
    try:
        here.kubectl.apply(*labelling(name, name, labels))
    except KubectlError as refusal:
        if "no matches for kind" in str(refusal):
            pytest.skip("this API server has no MutatingAdmissionPolicy v1")
        raise
    wait_until("the API server to go by it", lambda: labels_of_a_pod(here, name).items() >= expected.items(), 240.0)
    shop = Shop(here, PLACE, name).open()
    shop.until("only the serving pods to get traffic", lambda: shop.endpoints() == 2)
    before = uids([*shop.serving(), *shop.standbys()])
    assert len(before) == 4

    with shop.never_below(2):
        shop.scale(4)
        assert shop.seconds_to_serve(4) < cold_start / 4
        shop.until("the twins to go, none of those before", lambda: uids(shop.serving()) == before)
    first, *others = [pod["metadata"]["labels"] for pod in shop.serving()]
    assert all(one == first for one in others)
