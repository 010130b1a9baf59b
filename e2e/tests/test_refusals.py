"""What the API server refuses, with its sentence; what the operator may do, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.waiting import wait_until
from rig.kubectl import KubectlError
from rig.objects import condition, namespace
from rig.world import World
from support.wrong_data import WRONG_ABOUT_DATA
from support.wrong_policies import WRONG_POLICIES, WrongPolicy
from support.wrong_pools import WRONG_ABOUT_POOLS, WRONG_POOLS, WrongPool
from support.wrong_rungs import WRONG_RUNGS

pytestmark = pytest.mark.e2e
OPERATOR = "system:serviceaccount:edgewarm:edgewarm"


@pytest.fixture(scope="module")
def place(here: World) -> str:
    here.kubectl.apply(namespace("wrong"))
    return "wrong"


ROWS = (*WRONG_POLICIES, *WRONG_ABOUT_POOLS, *WRONG_ABOUT_DATA, *WRONG_RUNGS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_wrong_policy_is_refused_with_its_sentence(here: World, place: str, row: WrongPolicy) -> None:
    manifest = row.manifest()
    manifest["metadata"]["namespace"] = place
    if row.refused_by == "server":
        with pytest.raises(KubectlError) as refusal:
            here.kubectl.apply(manifest, validate=False)  # kubectl's own check would answer before the server
        assert row.sentence in str(refusal.value)
        return
    here.kubectl.apply(manifest)

    def stalled() -> dict[str, Any]:
        found = here.kubectl.get("warmingpolicy", manifest["metadata"]["name"], place)
        return {"status": "", "message": "", **condition(found, "Stalled")}

    wait_until("Stalled", lambda: stalled()["status"] == "True", 60, here.operator.last_lines)
    assert (row.operator_sentence or row.sentence) in stalled()["message"]


@pytest.mark.parametrize("row", WRONG_POOLS, ids=lambda row: row.name)
def test_a_wrong_pool_is_refused_with_its_sentence(here: World, row: WrongPool) -> None:
    with pytest.raises(KubectlError) as refusal:
        here.kubectl.apply(row.manifest(), validate=False)
    assert row.sentence in str(refusal.value)


@pytest.mark.parametrize(
    "words",
    [
        "list warmingpolicies.edgewarm.io -A",
        "watch scalingdecisions.edgewarm.io -A",
        "create scalingdecisions.edgewarm.io -n shop",
        "delete scalingdecisions.edgewarm.io -n shop",
        "patch warmingpolicies.edgewarm.io/any --subresource=status -n shop",
        "patch scalingdecisions.edgewarm.io/any --subresource=status -n shop",
        "patch edgenodepools.edgewarm.io/any --subresource=status",
        "patch deployments.apps --subresource=scale -n shop",
        "patch statefulsets.apps --subresource=scale -n shop",
        "watch pods -A",
        "watch nodes",
        "watch namespaces",
        "watch horizontalpodautoscalers.autoscaling -A",
    ],
)
def test_the_operator_may_do_what_it_needs(here: World, words: str) -> None:
    assert here.kubectl.can_i(OPERATOR, words.split())


@pytest.mark.parametrize(
    "words",
    [
        "get secrets -A",
        "list secrets -n edgewarm",
        "patch warmingpolicies.edgewarm.io -n shop",
        "update deployments.apps -n shop",
        "patch deployments.apps -n shop",
        "create pods -n shop",
        "delete pods -n shop",
        "patch pods -n shop",
        "* * -A",
        "create clusterroles.rbac.authorization.k8s.io",
        "impersonate users",
        "get nodes --subresource=proxy",
    ],
)
def test_the_operator_may_not_do_more(here: World, words: str) -> None:
    assert not here.kubectl.can_i(OPERATOR, words.split())
