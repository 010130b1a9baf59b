"""How patches change objects: JSON merge patch, and server-side apply with ownership per manager."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]
Step = str | tuple[str, Any]
"""One step of a path: a field, or (list key, its value) into a list that is a map."""

LIST_KEYS = {"conditions": "type", "containers": "name", "initContainers": "name", "volumes": "name"}
"""Field name -> the key of the list-map it holds; other lists are atomic. A real server reads this from the schema."""


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic(target: Json, patch: Json) -> Json:
    """A strategic merge patch as far as it only sets: lists that are maps are merged by their key."""
    result: Json = _merge(copy.deepcopy(target), patch, "")
    return result


def apply(current: Json, applied: Json, before: Json | None, others: Sequence[Json]) -> Json:
    """Server-side apply with force: merge `applied`, drop the leaves that `before` had and nobody else applied."""
    result: Json = _merge(copy.deepcopy(current), applied, "")
    kept = {path for config in (applied, *others) for path in _leaves(config)}
    dropped = set(_leaves(before)) - kept if before else set()
    for path in sorted(dropped, key=len):  # a list entry goes before the key that names it
        _remove(result, path)
    return result


def _merge(current: Any, applied: Any, field: str) -> Any:
    if isinstance(applied, dict):
        base = current if isinstance(current, dict) else {}
        return {**base, **{key: _merge(base.get(key), value, key) for key, value in applied.items()}}
    if isinstance(applied, list) and field in LIST_KEYS:
        return _merge_list(current or [], applied, LIST_KEYS[field])
    return copy.deepcopy(applied)


def _merge_list(current: list[Json], applied: list[Json], key: str) -> list[Json]:
    wanted = {item[key]: item for item in applied}
    merged = [_merge(item, wanted.pop(item[key]), "") if item[key] in wanted else item for item in current]
    return merged + [copy.deepcopy(item) for item in wanted.values()]


def _leaves(value: Any, path: tuple[Step, ...] = (), field: str = "") -> Iterator[tuple[Step, ...]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key), key)
    elif isinstance(value, list) and field in LIST_KEYS:
        key = LIST_KEYS[field]
        for item in value:
            yield (*path, (key, item[key]))
            yield from _leaves(item, (*path, (key, item[key])))
    else:
        yield path


def _remove(target: Any, path: tuple[Step, ...]) -> None:
    *way, last = path
    for step in way:
        target = _follow(target, step)
        if target is None:
            return
    if isinstance(last, tuple):
        target[:] = [item for item in target if item.get(last[0]) != last[1]]
    elif isinstance(target, dict):
        target.pop(last, None)


def _follow(target: Any, step: Step) -> Any:
    if isinstance(step, tuple):
        return next((item for item in target if item.get(step[0]) == step[1]), None)
    return target.get(step) if isinstance(target, dict) else None
