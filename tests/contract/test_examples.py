"""The examples: right as they stand, and together they show every field that a user can set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgewarm.api.crd import object_schema
from edgewarm.api.kinds import KINDS, Kind
from edgewarm.api.parse import parse_policy
from edgewarm.api.parse_pool import parse_pool

pytestmark = pytest.mark.contract
ROOT = Path(__file__).resolve().parents[2]
WRITTEN_BY_USERS = {"WarmingPolicy": parse_policy, "EdgeNodePool": parse_pool}


def examples() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted((ROOT / "examples").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield path.name, document


def leaves_of_schema(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths of all fields that hold no further ones; those of a list are those of its items, a map is a leaf."""
    children = schema.get("properties", {})
    if "items" in schema:
        yield from leaves_of_schema(schema["items"], path)
    elif not children:
        yield path
    for name, child in children.items():
        yield from leaves_of_schema(child, f"{path}.{name}")


def leaves_of_object(value: Any, path: str) -> Iterator[str]:
    """Paths of everything that is set, on the way too: a map is a leaf of the schema."""
    yield path
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield from leaves_of_object(child, f"{path}.{name}")
    elif isinstance(value, list):
        for child in value:
            yield from leaves_of_object(child, path)


def test_every_example_is_one_that_the_tests_find() -> None:
    """e2e/tests/test_examples.py applies what ends in .yaml in this folder."""
    assert {path.suffix for path in (ROOT / "examples").rglob("*")} == {".yaml"}


@pytest.mark.parametrize(("file", "document"), list(examples()))
def test_an_example_is_right(file: str, document: Mapping[str, Any]) -> None:
    assert WRITTEN_BY_USERS[document["kind"]](document).problem is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name in WRITTEN_BY_USERS], ids=lambda kind: kind.name)
def test_every_field_that_a_user_can_set_is_in_an_example(kind: Kind) -> None:
    spec = object_schema(kind)["properties"]["spec"]
    shown = {
        path
        for _, document in examples()
        if document["kind"] == kind.name
        for path in leaves_of_object(document["spec"], "spec")
    }
    assert set(leaves_of_schema(spec, "spec")) - shown == set()
