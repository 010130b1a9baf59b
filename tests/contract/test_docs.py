"""Everything that users meet is documented, and what is generated is fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edgewarm.engine import models, pool_reports, standing
from edgewarm.forecast.explain import DRIVERS
from edgewarm.model.demand import MissingKind
from edgewarm.model.reasons import Reason
from edgewarm.model.rungs import RungName
from edgewarm.pools.placement import Refusal
from edgewarm.telemetry.catalog import METRICS

pytestmark = pytest.mark.contract
ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "docs/generate.py"), "--check"], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("reason", [*Reason, *MissingKind], ids=str)
def test_every_reason_is_documented(reason: str) -> None:
    assert f"`{reason}`" in page("reasons.md")


def test_every_reason_of_a_standing_is_documented() -> None:
    source = Path(standing.__file__).read_text()
    named = set(re.findall(r'Standing\(\s*"(\w+)"', source))

    assert named
    assert {name for name in named if f"`{name}`" not in page("reasons.md")} == set()


def test_every_reason_of_a_selected_model_is_documented() -> None:
    named = set(re.findall(r'(?:True|False), "(\w+)", ', Path(models.__file__).read_text()))

    assert len(named) == 5
    assert {name for name in named if f"`{name}`" not in page("reasons.md").split("SelectedModel")[1]} == set()


def test_every_reason_about_pools_is_documented() -> None:
    source = Path(pool_reports.__file__).read_text()
    warmed = {*re.findall(r'Remark\("NodesWarmed", (?:True|False), "(\w+)"', source), *Refusal}
    pools = set(re.findall(r'return "(\w+)", ', source))

    assert len(warmed) == 9
    assert len(pools) == 6
    assert {name for name in warmed if f"`{name}`" not in page("reasons.md").split("NodesWarmed")[1]} == set()
    assert {name for name in pools if f"`{name}`" not in page("reasons.md").split("EdgeNodePool\n")[1]} == set()


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_documented(metric: object) -> None:
    assert f"`{getattr(metric, 'name', '')}`" in page("metrics.md")


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_name_of_a_contribution_is_documented(driver: str) -> None:
    assert f"`{driver}`" in page("forecasts.md")


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("charts/*/README.md")]
    broken = [
        f"{source.relative_to(ROOT)} -> {link}"
        for source in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", source.read_text())
        if not (source.parent / link).exists()
    ]

    assert broken == []


STATE_TABLES = {
    RungName.NODE_ROOM: ("ladder.md", "| a placeholder is |"),
    RungName.IMAGE: ("images.md", "| wanted | pull pod |"),
    RungName.DATA: ("data.md", "| item on a node "),
    RungName.STANDBY: ("ladder.md", "| a standby is |"),
}


@pytest.mark.parametrize("rung", [rung for rung in RungName if rung is not RungName.REPLICA])
def test_every_rung_has_its_state_table_and_the_ladders_page_leads_there(rung: RungName) -> None:
    name, header = STATE_TABLES[rung]
    assert f"\n{header}" in page(name)
    assert name == "ladder.md" or f"]({name}" in page("ladder.md")
