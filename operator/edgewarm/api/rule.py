"""One rule, two judges: the API server runs its CEL, the operator its Python, and both say the same sentence.

A rule sits beside what it is about: in `Annotated[...]` for one field, in `rules` of a `Wire` class for several.
The operator checks again because it must also be right where the CRD of an older release is installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

VALIDATIONS = "x-kubernetes-validations"


@dataclass(frozen=True)
class Rule:
    """What must hold, as `cel` over `self` and as `holds` over the parsed value; None where only one judge can know."""

    message: str
    cel: str | None = None
    holds: Callable[[Any], bool] | None = None

    def check(self, value: Any) -> Any:
        """The value again; ValueError with the message where the rule does not hold or cannot be worked out."""
        if self.holds is None:
            return value
        try:
            good = self.holds(value)
        except (ValueError, ArithmeticError):
            good = False
        if not good:
            raise ValueError(self.message)
        return value

    def on_wire(self) -> list[dict[str, str]]:
        return [] if self.cel is None else [{"rule": self.cel, "message": self.message}]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core)
        found = [*schema.get(VALIDATIONS, []), *self.on_wire()]
        return {**schema, VALIDATIONS: found} if found else schema


def _with_rules(schema: dict[str, Any], model: type[Any]) -> None:
    found = [entry for rule in model.rules for entry in rule.on_wire()]
    if found:
        schema[VALIDATIONS] = found


class Wire(BaseModel):
    """An object on the wire: camelCase names, docstrings of fields as descriptions, rules that cross fields.

    Unknown fields are passed over: a newer CRD, installed before its operator, may already fill in defaults of its own.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, frozen=True, use_attribute_docstrings=True, json_schema_extra=_with_rules
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _hold_rules(self) -> Self:
        for rule in self.rules:
            rule.check(self)
        return self
