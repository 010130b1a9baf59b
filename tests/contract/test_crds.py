"""The CRDs: fresh, documented, bounded, and in step with the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edgewarm.api.crd import object_schema
from edgewarm.api.decision_wire import ScalingDecisionSpec
from edgewarm.api.generate import main, stale
from edgewarm.api.kinds import KINDS, Kind

pytestmark = pytest.mark.contract

RULES = "x-kubernetes-validations"


def nodes(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema below this one, with its path."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key, step in (("items", "[]"), ("additionalProperties", ".*")):
        if key in schema:
            yield from nodes(schema[key], path + step)


def fields(kind: Kind) -> list[tuple[str, dict[str, Any]]]:
    whole = object_schema(kind)["properties"]
    return [found for part in ("spec", "status") for found in nodes(whole[part], part)]


def test_generated_files_are_fresh() -> None:
    assert stale() == []
    assert main(["--check"]) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_is_a_sentence_in_kubectl_explain(kind: Kind) -> None:
    entries = [(path, schema) for path, schema in fields(kind) if not path.endswith(("[]", ".*"))]
    wanting = [path for path, schema in entries if not schema.get("description", "").endswith((".", "%."))]
    assert wanting == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_everything_that_cel_could_walk_is_bounded(kind: Kind) -> None:
    def unbounded(schema: dict[str, Any]) -> bool:
        text = schema.get("type") == "string" and not ({"maxLength", "enum"} & set(schema))
        return text or (schema.get("type") == "array" and "maxItems" not in schema)

    assert [path for path, schema in fields(kind) if unbounded(schema)] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_list_says_how_it_merges(kind: Kind) -> None:
    lists = [(path, schema) for path, schema in fields(kind) if schema.get("type") == "array"]
    assert [path for path, schema in lists if "x-kubernetes-list-type" not in schema] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_numbers_but_integers(kind: Kind) -> None:
    assert [path for path, schema in fields(kind) if schema.get("type") == "number"] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_rule_says_a_sentence_on_one_line(kind: Kind) -> None:
    rules = [rule for _, schema in fields(kind) for rule in schema.get(RULES, [])]
    assert all(rule["message"] and "\n" not in rule["message"] for rule in rules)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_column_shows_a_field_that_exists(kind: Kind) -> None:
    paths = {path for path, _ in fields(kind)}
    shown = [column.path.removeprefix(".").split("[?")[0].replace("[0]", "[]") for column in kind.columns]
    assert [path for path in shown if path not in paths and not path.startswith("metadata.")] == []


def test_a_decision_is_immutable_in_every_field_but_approval() -> None:
    rule = ScalingDecisionSpec.rules[0].cel or ""
    names = {field.alias for field in ScalingDecisionSpec.model_fields.values()} - {"approval"}
    assert [name for name in names if f"self.{name} == oldSelf.{name}" not in rule] == []
