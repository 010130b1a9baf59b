"""What the documentation shows is what the API server takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.objects import namespace
from rig.world import World

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda file: file.name)
def test_every_example_is_accepted(here: World, file: Path) -> None:
    here.kubectl.apply(namespace("shop"))

    assert "configured (server dry run)" in (said := dry_run(here, file)) or "created (server dry run)" in said


def dry_run(here: World, file: Path) -> str:
    return here.kubectl.run("apply", "--dry-run=server", "-f", str(file))


def test_the_readme_shows_the_minimal_example() -> None:
    example = (ROOT / "examples" / "minimal.yaml").read_text().split("\n", 1)[1].strip()

    assert example in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "field", ["wp.spec.demand", "wp.spec.scaling.behavior", "sd.spec.actions", "enp.spec.selector"]
)
def test_kubectl_explain_reads_well(here: World, field: str) -> None:
    explained = here.kubectl.run("explain", field)

    assert "DESCRIPTION" in explained
    assert "<no description>" not in explained.lower()
