"""What the operator may do to pods, and where: RBAC by namespace, the admission policy by pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rig.kubectl import KubectlError
from rig.warmth import Shop
from rig.world import World
from tests_ladder.conftest import PLACE

pytestmark = pytest.mark.e2e
OPERATOR = "system:serviceaccount:edgewarm:edgewarm"


@pytest.mark.parametrize("verb", ["create", "patch", "delete"])
def test_pods_are_written_in_listed_namespaces_only(here: World, verb: str) -> None:
    assert here.kubectl.can_i(OPERATOR, [verb, "pods", "-n", PLACE])
    assert not here.kubectl.can_i(OPERATOR, [verb, "pods", "-n", "default"])
    assert not here.kubectl.can_i(OPERATOR, [verb, "pods", "-A"])
    assert not here.kubectl.can_i(OPERATOR, [verb, "deployments.apps", "-n", PLACE])


@pytest.fixture(scope="module")
def shop(here: World) -> Shop:
    return Shop(here, PLACE, "guarded").open(2, 1, cold_seconds=1)  # as many as needed: nothing is promoted meanwhile


def pod_like(shop: Shop, **metadata: Any) -> str:
    spec = {"containers": [{"name": "app", "image": "any:1"}], "serviceAccountName": "default"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": shop.place, **metadata}, "spec": spec}
    )


def as_operator(shop: Shop, *words: str, text: str | None = None) -> None:
    shop.here.kubectl.run(*words, "-n", shop.place, "--as", OPERATOR, text=text)


def test_the_operator_makes_no_pod_that_is_not_its_own(shop: Shop) -> None:
    with pytest.raises(KubectlError, match="only pods of its own"):
        as_operator(shop, "create", "-f", "-", text=pod_like(shop, name="foreign"))
    labelled = pod_like(shop, name="foreign", labels={"edgewarm.io/rung": "Standby"})
    with pytest.raises(KubectlError, match="only pods of its own"):
        as_operator(shop, "create", "-f", "-", text=labelled)


def test_the_operator_deletes_and_changes_no_pod_of_others(shop: Shop) -> None:
    serving = shop.serving()[0]["metadata"]["name"]
    with pytest.raises(KubectlError, match="only pods of its own"):
        as_operator(shop, "delete", "pod", serving)
    with pytest.raises(KubectlError, match="only pods of its own"):
        as_operator(shop, "label", "pod", serving, "a=b")


def test_of_its_own_pods_it_changes_no_spec(shop: Shop) -> None:
    shop.until("a standby", lambda: bool(shop.standbys()))
    standby = shop.standbys()[0]["metadata"]["name"]
    patch = json.dumps({"spec": {"containers": [{"name": "app", "image": "other:1"}]}})
    with pytest.raises(KubectlError, match="not its spec"):
        as_operator(shop, "patch", "pod", standby, "-p", patch)


def owned_pod(shop: Shop, account: str = "default", **labels: str) -> str:
    """A pod that the policy owns, with labels of edgewarm."""
    owner = {"apiVersion": "edgewarm.io/v1alpha1", "kind": "WarmingPolicy", "name": shop.name, "controller": True}
    owner["uid"] = shop.policy()["metadata"]["uid"]
    ours = {f"edgewarm.io/{name}": value for name, value in labels.items()}
    pod = json.loads(pod_like(shop, name="dear", labels=ours, ownerReferences=[owner]))
    return json.dumps({**pod, "spec": {**pod["spec"], "serviceAccountName": account}})


def test_the_operator_makes_no_placeholder_that_would_push_others_out(shop: Shop) -> None:
    with pytest.raises(KubectlError, match="needs a priority below 0"):
        as_operator(shop, "create", "-f", "-", text=owned_pod(shop, rung="NodeRoom"))


def test_what_is_no_standby_gets_no_token(shop: Shop) -> None:
    with pytest.raises(KubectlError, match="only a standby gets the token"):
        as_operator(shop, "create", "-f", "-", text=owned_pod(shop, rung="Image"))


def test_a_standby_runs_as_the_workload_does(shop: Shop) -> None:
    shop.here.kubectl.run("create", "serviceaccount", "robber", "-n", shop.place)
    set_hash = shop.serving()[0]["metadata"]["labels"]["pod-template-hash"]
    named = {"rung": "Standby", "template-hash": set_hash}
    with pytest.raises(KubectlError, match="a standby needs the label"):
        as_operator(shop, "create", "-f", "-", text=owned_pod(shop, rung="Standby"))
    with pytest.raises(KubectlError, match="must run as its service account, default"):
        as_operator(shop, "create", "-f", "-", text=owned_pod(shop, "robber", **named))
    as_operator(shop, "create", "--dry-run=server", "-f", "-", text=owned_pod(shop, **named))


def test_a_policy_that_goes_takes_its_standbys_with_it(shop: Shop) -> None:
    serving = {pod["metadata"]["uid"] for pod in shop.serving()}
    shop.here.operator.stop()
    try:
        shop.here.kubectl.run("delete", "wp", shop.name, "-n", shop.place)
        shop.until("its standbys to go", lambda: not shop.standbys())
        assert {pod["metadata"]["uid"] for pod in shop.serving()} == serving
    finally:
        shop.here.operator.start()
