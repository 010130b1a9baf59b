"""pydantic's JSON schema to a structural one: what is changed, and what is refused."""

from __future__ import annotations

from typing import Annotated, Any, cast

import pytest
from pydantic import Field

from edgewarm.api.fields import IntOrText, ListMap
from edgewarm.api.rule import Rule, Wire
from edgewarm.api.schema import SchemaError, structural

pytestmark = pytest.mark.unit


class Inner(Wire):
    """Inner thing."""

    count: Annotated[int, Field(ge=0, le=9)] = 3
    """How many."""


class Ruled(Wire):
    """Thing with a rule."""

    count: int = 3
    """How many."""
    rules = (Rule("count must not be 4", cel="self.count != 4"),)


def field(annotation: Any, default: Any = ...) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__annotations__": {"some_field": annotation}}
    if default is not ...:
        namespace["some_field"] = default
    model = cast(type[Wire], type("Model", (Wire,), namespace))
    properties: dict[str, Any] = structural(model.model_json_schema())["properties"]
    return dict(properties["someField"])


def test_a_reference_is_inlined_and_its_default_left_to_the_server() -> None:
    inner = {"description": "How many.", "type": "integer", "default": 3, "minimum": 0, "maximum": 9}
    expected = {"description": "Inner thing.", "type": "object", "default": {}, "properties": {"count": inner}}
    assert field(Inner, Inner()) == expected


def test_the_default_of_an_object_with_rules_is_spelled_out() -> None:
    found = field(Ruled, Ruled())
    assert found["default"] == {"count": 3}
    assert found["x-kubernetes-validations"] == [{"rule": "self.count != 4", "message": "count must not be 4"}]


def test_an_optional_field_is_absent_never_null() -> None:
    assert field(Annotated[str, Field(max_length=4)] | None, None) == {"type": "string", "maxLength": 4}


def test_an_int_or_string_has_no_type() -> None:
    found = field(IntOrText, "10")
    assert found == {"default": "10", "maxLength": 32, "x-kubernetes-int-or-string": True}


def test_a_list_map_names_its_keys() -> None:
    found = field(Annotated[tuple[Inner, ...], ListMap(("count",), 2)], ())
    assert (found["x-kubernetes-list-type"], found["x-kubernetes-list-map-keys"]) == ("map", ["count"])
    assert (found["maxItems"], "default" in found) == (2, False)


@pytest.mark.parametrize("union", [int | str, Inner | Ruled, int | str | None])
def test_any_other_union_is_refused(union: Any) -> None:
    with pytest.raises(SchemaError, match=r"\$\.someField: a structural schema has no unions"):
        field(union)


def test_a_keyword_that_would_be_lost_is_refused() -> None:
    with pytest.raises(SchemaError, match="has no multipleOf"):
        field(Annotated[int, Field(multiple_of=2)])
