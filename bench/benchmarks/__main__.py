"""`make bench`: measure, write bench/results.json and docs/benchmarks.md."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import accuracy, cost, functions, libraries, memory, placement, process, speed
from benchmarks.machine import described
from benchmarks.page import page
from benchmarks.pictures import pictures

ROOT = Path(__file__).parents[2]
console = Console(stderr=True)
app = typer.Typer(add_completion=False)


class Section(StrEnum):
    """What can be measured alone."""

    ACCURACY = "accuracy"
    LIBRARIES = "libraries"
    COST = "cost"
    SPEED = "speed"
    MEMORY = "memory"
    PROCESS = "process"
    FUNCTIONS = "functions"
    PLACEMENT = "placement"


@app.command()
def bench(  # noqa: PLR0913 - one parameter per option
    traces: Annotated[
        Path | None,
        typer.Option(envvar="EDGEWARM_TRACES", help="Folder of recorded traces.", exists=True, file_okay=False),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Seconds instead of minutes; no result to quote.")] = False,
    trace: Annotated[list[str] | None, typer.Option(help="Only this recorded trace; may be given again.")] = None,
    library: Annotated[list[str] | None, typer.Option(help="Only this library's rivals; may be given again.")] = None,
    only: Annotated[Section | None, typer.Option(help="One section; the others stay as they were.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write both files here instead.")] = None,
    render: Annotated[bool, typer.Option("--render", help="Measure nothing; write the page anew.")] = False,
) -> None:
    """Accuracy, cost, speed and memory; a quick run writes to build/bench and leaves the published numbers alone.

    Libraries and cost keep what they have of each trace below build/bench/kept: stopped, they go on where they were.
    """
    numbers, text = _targets(out, quick)
    keep = (only is not None or render) and numbers.exists()
    results: dict[str, Any] = json.loads(numbers.read_text()) if keep else {}
    for section in () if render else tuple(Section) if only is None else (only,):
        results[section.value] = _rounded(
            _measured(section, Chosen(None if quick else traces, tuple(trace or ()), tuple(library or ())), quick)
        )
        results = {each.value: results[each.value] for each in Section if each.value in results}
        numbers.parent.mkdir(parents=True, exist_ok=True)
        numbers.write_text(json.dumps(results, indent=1) + "\n")
    text.write_text(page(results))
    drawn = text.parent / "pictures"
    drawn.mkdir(exist_ok=True)
    for name, picture in pictures(results).items():
        (drawn / name).write_text(picture)
    console.print(f"wrote {numbers}, {text} and {drawn}")


def _targets(out: Path | None, quick: bool) -> tuple[Path, Path]:
    if out is None and not quick:
        return ROOT / "bench/results.json", ROOT / "docs/benchmarks.md"
    folder = out or ROOT / "build/bench"
    return folder / "results.json", folder / "benchmarks.md"


@dataclass(frozen=True)
class Chosen:
    """Recorded traces: where they are, their names where not all are wanted, and the libraries likewise."""

    folder: Path | None
    names: tuple[str, ...]
    libraries: tuple[str, ...] = ()


def _measured(section: Section, chosen: Chosen, quick: bool) -> dict[str, Any]:
    folder, names = chosen.folder, chosen.names
    work: dict[Section, Callable[[Progress], dict[str, Any]]] = {
        Section.ACCURACY: lambda progress: accuracy.run(folder, names, quick, progress),
        Section.LIBRARIES: lambda _: libraries.run(folder, names, console.print, chosen.libraries),
        Section.COST: lambda _: cost.run(folder, names, console.print),
        Section.SPEED: lambda progress: speed.run(quick, progress),
        Section.MEMORY: lambda progress: memory.run(quick, progress),
        Section.PROCESS: lambda progress: process.run(quick, progress),
        Section.FUNCTIONS: lambda progress: functions.run(folder, quick, progress),
        Section.PLACEMENT: lambda progress: placement.run(quick, progress),
    }
    recorded = section not in {Section.SPEED, Section.MEMORY, Section.PROCESS, Section.PLACEMENT} and folder is not None
    command = ("EDGEWARM_TRACES=DIR " if recorded else "") + "make bench"
    run = described("python -m benchmarks --quick" if quick else command)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    began = time.monotonic()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        found = work[section](progress)
    return {"run": {**run, "minutes": (time.monotonic() - began) / 60}, **found}


def _rounded(value: Any) -> Any:
    """Five digits are more than these numbers are good for, and keep the file's changes readable."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value


if __name__ == "__main__":
    app()
