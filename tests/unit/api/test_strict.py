"""What is refused of a manifest that no API server has seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from edgewarm.api.kinds import KINDS, POLICY
from edgewarm.api.strict import misnamed

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[3] / "examples"


def manifest(spec: Any, **others: Any) -> dict[str, Any]:
    return {"apiVersion": "edgewarm.io/v1alpha1", "kind": "WarmingPolicy", "metadata": {"name": "a"}, "spec": spec} | (
        others
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (manifest({"objectiv": {"kappa": "99"}}), "spec.objectiv is no known field: did you mean objective?"),
        (manifest({"scaling": {"minReplica": 1}}), "spec.scaling.minReplica is no known field: did you mean minRepl"),
        (manifest({"schedules": [{}, {"ende": "x"}]}), "spec.schedules[1].ende is no known field: did you mean end?"),
        (manifest({1: 2}), "spec.1 is no known field: remove it, or choose of targetRef, "),
        (manifest({}, fooo=1), "fooo is no known field: remove it, or choose of apiVersion, kind, metadata, spec"),
        (manifest({}, apiVersion="edgewarm.io/v9"), "apiVersion must be edgewarm.io/v1alpha1, found 'edgewarm.io/v9'"),
        (manifest({}, apiVersion=None), "apiVersion must be edgewarm.io/v1alpha1"),
        (manifest({}, metadata=None), "metadata.name is required"),
        (
            manifest({}, metadata={"name": "a", "namespce": "b"}),
            "metadata.namespce is no known field: did you mean nam",
        ),
        (manifest({}, metadata=["a"]), "metadata.name is required"),
        (manifest({}, metadata={"namespace": "b"}), "metadata.name is required"),
        (manifest({}, metadata={"name": 5}), "metadata.name must be a string; quote it, found 5"),
        (
            manifest({}, metadata={"name": "a", "namespace": 5}),
            "metadata.namespace must be a string; quote it, fou",
        ),
    ],
)
def test_a_name_that_nobody_knows_is_a_sentence_with_the_field_and_the_fix(found: dict[Any, Any], said: str) -> None:
    assert (misnamed(found, POLICY) or "").startswith(said)


@pytest.mark.parametrize("spec", [None, "text", [], {"scaling": None, "schedules": {"a": 1}}])
def test_values_of_the_wrong_shape_are_left_to_the_models(spec: Any) -> None:
    assert misnamed(manifest(spec), POLICY) is None


def test_labels_and_annotations_are_free() -> None:
    meta = {"name": "a", "labels": {"whatever": "b"}, "annotations": {"c/d": "e"}}

    assert misnamed(manifest({}, metadata=meta), POLICY) is None


def test_no_field_of_our_own_examples_is_unknown() -> None:
    kinds, judged = {kind.name: kind for kind in KINDS}, 0
    for path in sorted(EXAMPLES.rglob("*.yaml")):
        for found in yaml.safe_load_all(path.read_text()):
            if isinstance(found, dict) and found.get("kind") in kinds:
                assert misnamed(found, kinds[found["kind"]]) is None, path
                judged += 1
    assert judged > 3
