"""The field types of the API: bounded text, counts, quantities, durations, ratios, times, lists that are maps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StrictInt, StrictStr
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from edgewarm.api.rule import Rule
from edgewarm.model.units import parse_duration, parse_quantity, parse_time

INT_OR_STRING = "x-kubernetes-int-or-string"
MAX_REPLICAS = 10_000

Name = Annotated[StrictStr, Field(min_length=1, max_length=253)]
Word = Annotated[StrictStr, Field(max_length=63)]
Sentence = Annotated[StrictStr, Field(max_length=1024)]
Count = Annotated[StrictInt, Field(ge=0)]
Replicas = Annotated[StrictInt, Field(ge=0, le=MAX_REPLICAS)]
Percent = Annotated[StrictStr, Field(max_length=16)]
Number = Annotated[StrictStr, Field(max_length=32)]

Time = Annotated[
    StrictStr,
    Field(max_length=64, json_schema_extra={"format": "date-time"}),
    Rule("must be an RFC 3339 time such as 2026-11-22T08:05:00Z", holds=lambda text: parse_time(text) is not None),
]


def _as_text(value: Any) -> Any:
    """A whole number as its digits, so that the model holds text only; a float has already lost what was written."""
    if isinstance(value, bool | float):
        raise PydanticCustomError("int_or_string", 'must be a whole number or a quoted string such as "0.5"')
    return str(value) if isinstance(value, int) else value


IntOrText = Annotated[
    StrictStr, Field(max_length=32, json_schema_extra={INT_OR_STRING: True}), BeforeValidator(_as_text)
]
"""A quantity or a percentage; a whole number may be written without quotes."""

DurationText = Annotated[StrictStr, Field(max_length=16)]

_DURATION = "^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$"


def duration_within(path: str, low: str, high: str) -> Rule:
    """The field at `path` is a Go duration from `low` to `high`."""
    bounds = f"duration(self) >= duration('{low}') && duration(self) <= duration('{high}')"
    return Rule(
        f"{path} must be a Go duration such as 90s or 1h30m, from {low} to {high}",
        cel=f"self.matches('{_DURATION}') && {bounds}",
        holds=lambda text: parse_duration(low) <= parse_duration(text) <= parse_duration(high),
    )


LEAST_QUANTITY = "1n"
"""Kubernetes rounds every smaller quantity above 0 up to this one, so that CEL cannot tell 1e-400 from it: a number
that must be above 0 must be above this. https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#ParseQuantity"""

MOST_QUANTITY = "1E"
"""What Kubernetes still keeps exactly, 2^63 at most; a float keeps it too, which of 1e400 makes infinity."""


def within_in_cel(text: str, high: str = MOST_QUANTITY) -> str:
    """CEL that holds where `text` is a quantity above `LEAST_QUANTITY` and at most `high`."""
    above = f"quantity({text}).isGreaterThan(quantity('{LEAST_QUANTITY}'))"
    return f"isQuantity({text}) && {above} && !quantity({text}).isGreaterThan(quantity('{high}'))"


def is_within(text: str, high: str = MOST_QUANTITY) -> bool:
    """The same in Python; ValueError where `text` is no quantity."""
    return parse_quantity(LEAST_QUANTITY) < parse_quantity(text) <= parse_quantity(high)


def quantity_above_zero(path: str, high: str, example: str, value: str = "string(self)") -> Rule:
    """The field at `path` is a Kubernetes quantity above `LEAST_QUANTITY` and at most `high`.

    `value` is its text in CEL: `self` of a field that is text only, for string() of it costs as if it were endless.
    """
    return Rule(
        f'{path} must be a quantity above {LEAST_QUANTITY} and at most {high}, such as "{example}"',
        cel=within_in_cel(value, high),
        holds=lambda text: is_within(text, high),
    )


def amount_in_cel(text: str, high: str) -> str:
    """CEL that holds where `text` is a quantity from 0 to `high`."""
    low = f"!quantity({text}).isLessThan(quantity('0'))"
    return f"isQuantity({text}) && {low} && !quantity({text}).isGreaterThan(quantity('{high}'))"


def is_amount(text: str, high: str) -> bool:
    """The same in Python; ValueError where `text` is no quantity."""
    return 0 <= parse_quantity(text) <= parse_quantity(high)


PriceText = Annotated[StrictStr, Field(max_length=32)]
"""An amount of money as a quantity. Text only, for the same reason as a ratio."""

RatioText = Annotated[StrictStr, Field(max_length=16)]
"""A share such as "0.8" or "80%". Text only: before 1.34 the API server takes every int-or-string for megabytes long
(kubernetes/kubernetes#132837), and a rule over two of them would break its cost limit."""

_RATIO = "^(0|1|0?[.][0-9]{1,6}|1[.]0{1,6}|[0-9]{1,4}m|[0-9]{1,3}([.][0-9]{1,3})?%)$"


def is_ratio_in_cel(path: str) -> str:
    """CEL that holds where the text at `path` is a ratio."""
    return f"{path}.matches('{_RATIO}')"


def ratio_in_cel(path: str) -> str:
    """CEL for the number behind a ratio; an error unless `is_ratio_in_cel` holds."""
    percent = f"double({path}.substring(0, {path}.size() - 1)) / 100.0"
    return f"({path}.endsWith('%') ? {percent} : quantity({path}).asApproximateFloat())"


def parse_ratio(text: str) -> float:
    """0.8 for "0.8", "800m" and "80%"; ValueError if it is none of these."""
    if text.endswith("%"):
        return float(parse_quantity(text[:-1]) / 100)
    return float(parse_quantity(text))


def zone_known(name: str) -> bool:
    """Does this machine's time zone database know the zone?"""
    try:
        return bool(ZoneInfo(name).key)
    except (OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a directory's name gives an OSError
        return False


_ZONE = "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}"

TimeZone = Annotated[
    StrictStr,
    Field(min_length=1, max_length=64),
    Rule(
        "timeZone must be an IANA name such as Europe/Berlin or UTC",
        cel=f"self.matches('^{_ZONE}$')",
        holds=lambda name: re.fullmatch(_ZONE, name) is not None,
    ),
    Rule("no such time zone; write an IANA name such as Europe/Berlin or UTC", holds=zone_known),
]


_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def cron_known(text: str) -> bool:
    """Can cronsim walk this expression, and has it exactly five fields?"""
    try:
        return len(text.split()) == 5 and next(CronSim(text, _SOME_DAY)) is not None
    except (CronSimError, StopIteration):
        return False


def cron(path: str) -> tuple[Rule, Rule]:
    """Five fields for the API server; a time that exists for the operator."""
    return (
        Rule(
            f'{path} must be a cron expression of five fields, such as "0 8 * * MON-FRI"',
            cel=r"self.matches('^\\S+( +\\S+){4}$')",
            holds=lambda text: len(text.split()) == 5,
        ),
        Rule(f"{path} never comes true: write minute, hour, day of month, month and day of week", holds=cron_known),
    )


@dataclass(frozen=True)
class ListMap:
    """A list that is a map: no two entries agree in all `keys`, at most `max_items` entries."""

    keys: tuple[str, ...]
    max_items: int

    def check(self, entries: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(entries) > self.max_items:
            raise ValueError(f"must have at most {self.max_items} entries, found {len(entries)}")
        wire = [tuple(entry.model_dump(by_alias=True)[key] for key in self.keys) for entry in entries]
        twice = sorted({key for key in wire if wire.count(key) > 1})
        if twice:
            raise ValueError(f"{' and '.join(self.keys)} must be unique, found {twice[0][0]!r} twice")
        return entries

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        as_map = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(self.keys)}
        return {**handler(core), "maxItems": self.max_items, **as_map}
