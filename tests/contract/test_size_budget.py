"""The house style as numbers: short files, short functions, and a first sentence on every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("operator", "e2e", "bench", "tests")
FILE_LINES, FUNCTION_LINES, P90_LINES = 400, 50, 25
WAIVERS: dict[str, str] = {}  # "path" or "path:function" -> why it may be longer

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> list[Path]:
    return sorted(path for place in PLACES for path in (ROOT / place).rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(path:function, lines) of everything that is defined, signature and docstring included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield f"{name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_is_something_to_measure() -> None:
    assert len(modules()) > 100


def test_no_file_is_longer_than_its_budget() -> None:
    long = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: lines for path, lines in long.items() if lines > FILE_LINES and path not in WAIVERS} == {}


def test_no_function_is_longer_than_its_budget() -> None:
    found = dict(item for path in modules() for item in functions(path))
    assert {where: lines for where, lines in found.items() if lines > FUNCTION_LINES and where not in WAIVERS} == {}


def test_nine_of_ten_functions_are_short() -> None:
    lines = sorted(lines for path in modules() for _, lines in functions(path))
    assert lines[int(0.9 * len(lines))] <= P90_LINES


def test_every_module_opens_with_a_sentence() -> None:
    opening = {name(path): (ast.get_docstring(tree(path)) or "").split("\n\n")[0] for path in modules()}
    assert [path for path, said in opening.items() if not said.rstrip().endswith((".", ":", "?"))] == []


def test_every_waiver_is_needed_and_says_why() -> None:
    known = {name(path) for path in modules()} | {where for path in modules() for where, _ in functions(path)}
    assert set(WAIVERS) <= known
    assert all(len(reason.split()) > 3 for reason in WAIVERS.values())
