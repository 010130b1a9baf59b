"""Where in a configuration file a value stands, and what it must be: every error names the place and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgewarm.model.errors import Invalid
from edgewarm.model.units import parse_quantity

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Place:
    """Of the file `file` the value at `path`; its checks raise Invalid."""

    file: str
    path: str = ""

    def at(self, part: str | int) -> Place:
        """A field or an entry of it."""
        joint = f"[{part}]" if isinstance(part, int) else f".{part}" if self.path else part
        return Place(self.file, self.path + joint)

    def error(self, sentence: str) -> Invalid:
        return Invalid(f"{self.file}: {self.path}: {sentence}")

    def bytes(self, value: int | str, limits: tuple[int, int]) -> int:
        """A number or a quantity."""
        try:
            count = value if isinstance(value, int) else int(parse_quantity(value))
        except ValueError as error:
            raise self.error(f"{error}") from error
        return self.within(count, limits)

    def within(self, value: int, limits: tuple[int, int]) -> int:
        low, high = limits
        if not low <= value <= high:
            raise self.error(f"must be between {low} and {high}, got {value}")
        return value

    def matches(self, value: str, pattern: re.Pattern[str], wanted: str) -> None:
        if not pattern.fullmatch(value):
            raise self.error(f"must be {wanted}, got {value!r}")

    def unique(self, field: str, values: Iterable[str]) -> None:
        """Each once; `field` of each entry, or the entry itself where it is empty."""
        seen: set[str] = set()
        for index, value in enumerate(values):
            if value in seen:
                where = self.at(index).at(field) if field else self.at(index)
                raise where.error(f"{value!r} stands here twice: give each its own")
            seen.add(value)

    def namespaces(self, given: Sequence[str]) -> frozenset[str]:
        self.unique("", given)
        for index, namespace in enumerate(given):
            self.at(index).matches(namespace, DNS_LABEL, "a namespace such as shop")
        return frozenset(given)
