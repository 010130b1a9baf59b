"""Approving takes the verb approve: the admission policy of the chart, as rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgewarm.cluster import resources
from support.chart import Manifest, of_kind, render, rights

pytestmark = pytest.mark.contract


def guard(tmp_path: Path, release: str = "edgewarm") -> Manifest:
    rendered = of_kind(render(tmp_path, release=release), "ValidatingAdmissionPolicy").items()
    return next(found for name, found in rendered if name.endswith("-approve"))


def test_it_watches_every_write_of_a_decision_and_nothing_else(tmp_path: Path) -> None:
    spec = guard(tmp_path)["spec"]
    (rule,) = spec["matchConstraints"]["resourceRules"]
    decisions = resources.DECISIONS
    assert (rule["apiGroups"], rule["resources"]) == ([decisions.group], [decisions.plural])  # not their status
    assert set(rule["operations"]) == {"CREATE", "UPDATE"}
    assert spec["failurePolicy"] == "Fail"


def test_only_a_change_of_the_approval_asks_for_the_verb(tmp_path: Path) -> None:
    spec = guard(tmp_path)["spec"]
    assert {v["name"]: v["expression"] for v in spec["variables"]} == {
        "before": "oldObject != null && has(oldObject.spec.approval) ? oldObject.spec.approval : ''",
        "after": "has(object.spec.approval) ? object.spec.approval : ''",
    }
    (validation,) = spec["validations"]
    same, verb = validation["expression"].split(" || ")
    assert same == "variables.before == variables.after"
    assert "".join(verb.split()) == (
        "authorizer.group('edgewarm.io').resource('scalingdecisions').namespace(object.metadata.namespace)"
        ".check('approve').allowed()"
    )


def test_the_message_names_verb_and_role_and_the_role_exists(tmp_path: Path) -> None:
    (validation,) = guard(tmp_path, release="edge")["spec"]["validations"]
    assert validation["reason"] == "Forbidden"
    assert "verb approve on scalingdecisions.edgewarm.io" in validation["message"]
    assert "ClusterRole edge-edgewarm-approve" in validation["message"]
    role = of_kind(render(tmp_path, release="edge"), "ClusterRole")["edge-edgewarm-approve"]
    assert ("edgewarm.io", "scalingdecisions", "approve") in rights(role)


def test_without_user_roles_the_message_names_no_role(tmp_path: Path) -> None:
    rendered = render(tmp_path, {"userRoles": {"create": False}})
    found = of_kind(rendered, "ValidatingAdmissionPolicy")["edgewarm-approve"]
    (validation,) = found["spec"]["validations"]
    assert "ClusterRole" not in validation["message"]
    assert validation["message"].endswith(
        "verb approve on scalingdecisions.edgewarm.io in this namespace: have a role with it bound there"
    )


def test_it_is_bound_and_denies(tmp_path: Path) -> None:
    binding = of_kind(render(tmp_path), "ValidatingAdmissionPolicyBinding")["edgewarm-approve"]
    assert binding["spec"] == {"policyName": guard(tmp_path)["metadata"]["name"], "validationActions": ["Deny"]}
