"""What is wrong with an object, as one sentence that names the field and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

_NEEDED = {
    "missing": "is required",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "tuple_type": "must be a list",
    "int_type": "must be a whole number",
    "string_type": "must be a string; quote it",
    "too_short": "must have at least {min_length} entry",
    "too_long": "may have at most {max_length} entries",
    "string_too_short": "must not be empty",
    "string_too_long": "may have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
}
"""What each kind of pydantic's errors asks for, in our words; the numbers come from the error's context."""


def sentence(error: ValidationError, root: str = "spec") -> str:
    """The first thing that is wrong, and how many more there are."""
    first, *more = error.errors(include_url=False)
    rest = f" (and {len(more)} more)" if more else ""
    return f"{_path(root, first['loc'])}{_message(first)}{rest}"


def _path(root: str, location: Sequence[int | str]) -> str:
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


def _message(found: Any) -> str:
    """How it goes on after the path; a rule's own sentence stands as it is."""
    kind, context = found["type"], found.get("ctx", {})
    if kind == "value_error":
        return f": {context['error']}"
    needed = _NEEDED.get(kind, found["msg"]).format(**context)
    return f" {needed}" if kind == "missing" else f" {needed}, found {_shown(found['input'])}"


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= 64 else f"{text[:61]}..."
    return "a list" if isinstance(value, list | tuple) else "an object"
