"""A pull pod needs nothing inside its images, asks for next to nothing, and goes where it is meant to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgewarm.manifests.pull_pod import PullOrder, images_key, images_of, pull_pod, pull_pod_name
from edgewarm.model.identity import Key
from edgewarm.model.template import PodTemplate

pytestmark = pytest.mark.unit

SPEC: dict[str, Any] = {
    "serviceAccountName": "checkout",
    "imagePullSecrets": [{"name": "registry"}],
    "tolerations": [{"key": "edge", "operator": "Exists"}],
    "priorityClassName": "business",
    "hostNetwork": True,
    "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}],
    "initContainers": [{"name": "migrate", "image": "migrate:1"}],
    "containers": [
        {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "b"}], "ports": [{"containerPort": 80}]},
        {"name": "proxy", "image": "proxy:1"},
        {"name": "second", "image": "web:1"},
    ],
}


def template(**overrides: Any) -> PodTemplate:
    return PodTemplate(msgspec.json.encode({"metadata": {"labels": {"app": "web"}}, "spec": SPEC | overrides}))


def order(name: str = "checkout", node: str = "edge-7", found: PodTemplate | None = None) -> PullOrder:
    found = found or template()
    return PullOrder(Key("shop", name), "uid-1", node, images_of(found), found)


def test_each_image_is_pulled_once_in_the_order_of_a_start() -> None:
    assert images_of(template()) == ("migrate:1", "web:1", "proxy:1")
    assert images_of(PodTemplate()) == ()


def test_the_name_of_a_policy_that_is_too_long_for_a_label_is_cut_to_a_valid_one() -> None:
    labels = pull_pod(order("a" * 62 + "-b"))["metadata"]["labels"]
    assert labels["edgewarm.io/policy"] == "a" * 62  # a label value must end with a letter or a digit


def test_it_runs_nothing_of_the_image() -> None:
    for container in pull_pod(order())["spec"]["containers"]:
        assert container["command"] == ["/edgewarm.io/pulls-and-runs-nothing"]
        assert container["imagePullPolicy"] == "IfNotPresent"
        assert container.keys() == {"name", "image", "imagePullPolicy", "command", "resources", "securityContext"}


def test_it_pulls_as_the_workload_would_and_takes_nothing_else_of_it() -> None:
    spec = pull_pod(order())["spec"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["serviceAccountName"] == "checkout"
    assert spec["tolerations"] == SPEC["tolerations"]
    assert not spec.keys() & {"volumes", "hostNetwork", "priorityClassName", "nodeName", "initContainers"}
    assert spec["automountServiceAccountToken"] is False
    assert "tolerations" not in pull_pod(order(found=template(tolerations=[])))["spec"]


def test_it_goes_to_its_node_by_affinity_and_asks_for_next_to_nothing() -> None:
    spec = pull_pod(order())["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["edge-7"]}]}
    assert [one["resources"]["requests"] for one in spec["containers"]] == [{"cpu": "1m", "memory": "4Mi"}] * 3


def test_it_may_be_evicted_ends_by_itself_and_is_owned_by_the_policy() -> None:
    pod = pull_pod(order())
    assert pod["metadata"]["annotations"]["cluster-autoscaler.kubernetes.io/safe-to-evict"] == "true"
    assert (pod["spec"]["restartPolicy"], pod["spec"]["activeDeadlineSeconds"]) == ("Never", 3600)
    (owner,) = pod["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("WarmingPolicy", "uid-1", True)
    assert "app" not in pod["metadata"]["labels"]  # no Service, and no ReplicaSet, ever selects it


@pytest.mark.parametrize("found", [template(), template(os={"name": "linux"})])
def test_it_passes_the_restricted_pod_security_standard(found: PodTemplate) -> None:
    for container in pull_pod(order(found=found))["spec"]["containers"]:
        context = container["securityContext"]
        assert (context["allowPrivilegeEscalation"], context["runAsNonRoot"]) == (False, True)
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_a_windows_pod_has_no_linux_settings() -> None:
    pod = pull_pod(order(found=template(os={"name": "windows"})))
    assert pod["spec"]["os"] == {"name": "windows"}
    assert all("securityContext" not in one for one in pod["spec"]["containers"])


def test_two_operators_give_one_pod_one_name_and_other_pods_other_names() -> None:
    plain = pull_pod_name(order())
    assert plain == pull_pod_name(order())
    others = {pull_pod_name(order(node="edge-8")), pull_pod_name(order(found=template(initContainers=[])))}
    assert len(others | {plain}) == 3
    long = pull_pod_name(order("a" * 52 + "." * 10 + "b" * 150))
    assert len(long) <= 63
    assert long.startswith("a" * 40)
    assert ".-" not in long


def test_other_images_have_another_key() -> None:
    assert images_key(("web:1", "proxy:1")) != images_key(("web:2", "proxy:1"))
