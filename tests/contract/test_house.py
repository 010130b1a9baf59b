"""The house: what may import what, what must not be a package, and that every reason means something."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgewarm.model.reasons import Reason

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_the_source_root_is_not_a_package() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


@pytest.mark.parametrize("path", [".", "operator"])
def test_operator_is_still_the_standard_library(path: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT / path)!r}); import operator; print(operator.__file__)"
    found = run(sys.executable, "-c", code)
    assert found.returncode == 0, found.stderr
    assert not Path(found.stdout.strip()).is_relative_to(ROOT / "operator")


def test_imports_go_downward_only() -> None:
    found = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert found.returncode == 0, found.stdout
    assert " 0 broken" in found.stdout


@pytest.mark.parametrize("room", ["model", "forecast", "decide", "learn", "pools"])
def test_a_pure_room_needs_no_world(room: str) -> None:
    """Importing it must not load the API client, the shell or the network."""
    code = (
        "import importlib, pkgutil, sys; sys.path.insert(0, 'operator')\n"
        f"package = importlib.import_module('edgewarm.{room}')\n"
        "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(sorted({'aiohttp', 'kopf', 'kubernetes', 'pydantic', 'structlog', 'pandas'} & set(sys.modules)))"
    )
    found = run(sys.executable, "-c", code)
    assert (found.returncode, found.stdout.strip()) == (0, "[]"), found.stderr


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_meaning_of_one_sentence(reason: Reason) -> None:
    assert reason.meaning[0].isalpha()
    assert reason.meaning.endswith(".")
    assert len(reason.meaning) > 20


def test_no_two_reasons_mean_the_same() -> None:
    assert len({reason.meaning for reason in Reason}) == len(Reason)
    assert len({reason.value for reason in Reason}) == len(Reason)


def _words(schema: Mapping[str, Any]) -> set[str]:
    """Of every enum in a schema."""
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return set(schema.get("enum", ())).union(*map(_words, inner))


KUBERNETES = {"Unknown"}  # the third status of a condition, in every API


def _written() -> list[tuple[str, str]]:
    """(kind, word) that a reader of what the operator writes may expect."""
    found = []
    for kind, part in (("ScalingDecision", "spec"), ("ScalingDecision", "status"), ("WarmingPolicy", "status")):
        (path,) = [path for path in (ROOT / "crds").glob("*.yaml") if f"kind: {kind}\n" in path.read_text()]
        schema = yaml.safe_load(path.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        found += [(kind, word) for word in sorted(_words(schema["properties"][part]) - KUBERNETES)]
    return found


@pytest.mark.parametrize(("kind", "word"), _written())
def test_every_word_that_the_api_promises_is_written_somewhere(kind: str, word: str) -> None:
    """As text, or as a member of an enum that has it: a member that nothing uses is a word that nobody will read."""
    rooms = ("decide", "engine", "learn", "manifests")
    paths = [path for room in rooms for path in (ROOT / "operator" / "edgewarm" / room).glob("*.py")]
    uses = "\n".join(path.read_text() for path in paths)
    member = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).upper()
    assert f'"{word}"' in uses.replace(f'{member} = "{word}"', "") or f".{member}" in uses, f"{kind}: {word}"
