"""`edgewarm fetch`: bring one item to a volume, verified, resumed where it stopped, within the limits of its class.

| exit code | means                                                                 |
|-----------|-----------------------------------------------------------------------|
| 0         | it is there under its name                                            |
| 1         | it may work later, and goes on where it stopped                       |
| 3         | trying again changes nothing: what is wrong has to be put right first |

What became of it is the last line on stdout, and the container's termination message: {"outcome": .., "message": ..}.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from edgewarm.fetch import Credentials, Fetcher, Interrupted, Keeping, Limits, Order, Outcome, Refused, Store
from edgewarm.model.units import parse_duration, parse_quantity

LATER, NEVER = 1, 3
TELL_SECONDS = 5.0

Url = Annotated[str, typer.Argument(metavar="URL", help="Where it is: https://, oci:// or git+https://.")]
Digest = Annotated[
    str, typer.Option(help="What it must be: sha256:<hex> of a file or a manifest, gitCommit:<id> of a commit.")
]
Name = Annotated[str, typer.Option(help="Name of the link to it in the folder.")]
Size = Annotated[str, typer.Option(help="The most bytes it may have, as a quantity.")]
Into = Annotated[Path, typer.Option(help="Folder on the volume.")]
Hosts = Annotated[list[str], typer.Option("--host", help="A host that may be asked, also by a redirect; repeatable.")]
ClassSize = Annotated[str, typer.Option(help="The most bytes that the fetcher class allows.")]
Rate = Annotated[str | None, typer.Option(help="Bytes per second at most, as a quantity.")]
Spare = Annotated[str, typer.Option(help="Bytes that stay free on the volume, as a quantity.")]
StoreSize = Annotated[str | None, typer.Option(help="The most bytes in the folder; what was left half-way goes first.")]
Ttl = Annotated[str | None, typer.Option(help="What is unused for longer goes, as a Go duration.")]
Keep = Annotated[list[str] | None, typer.Option(help="Digest of what stays; repeatable.")]
Secret = Annotated[
    Path | None,
    typer.Option(help="Folder with .dockerconfigjson, username and password, ca.crt: what is there of them is used."),
]
Neighbour = Annotated[
    list[str] | None, typer.Option(help="Address of such a folder that is asked before the source; repeatable.")
]
Report = Annotated[Path | None, typer.Option(help="File for the outcome, such as /dev/termination-log.")]


def fetch(  # noqa: PLR0913 - one parameter per option
    url: Url,
    digest: Digest,
    name: Name,
    size: Size,
    into: Into,
    host: Hosts,
    class_size: ClassSize = "1Ti",
    rate: Rate = None,
    spare: Spare = "256Mi",
    store_size: StoreSize = None,
    ttl: Ttl = None,
    keep: Keep = None,
    secret: Secret = None,
    neighbour: Neighbour = None,
    report: Report = None,
) -> None:
    """Bring a file, an OCI artifact or a Git commit to a volume: verified, resumed, what is unused evicted for it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(LATER))  # a first process of a container ignores it otherwise
    most = None if store_size is None else _bytes(store_size)
    keeping = Keeping(most, None if ttl is None else _seconds(ttl), frozenset(keep or ()))
    pace = None if rate is None else _bytes(rate)
    limits = Limits(tuple(host), _bytes(class_size), pace, _bytes(spare), neighbours=tuple(neighbour or ()))
    try:
        order = Order(url, digest, name, _bytes(size))
        fetcher = Fetcher(Store(into), limits, time.time, keeping, _Progress(), credentials=Credentials.load(secret))
        found = asyncio.run(fetcher.bring(order))
    except Refused as error:
        _end(report, NEVER, {"outcome": "Refused", "message": str(error)})
    except (Interrupted, OSError) as error:
        _end(report, LATER, {"outcome": "Interrupted", "message": str(error)})
    else:
        _end(report, 0, _told(found))


class _Progress:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, have: int, whole: int | None) -> None:
        if time.monotonic() - self._told_at >= TELL_SECONDS:
            self._told_at = time.monotonic()
            print(json.dumps({"bytes": have, "of": whole}), flush=True)


def _told(found: Outcome) -> Mapping[str, Any]:
    told: dict[str, Any] = {"outcome": "Found" if found.found else "Fetched", "bytes": found.size}
    if not found.found:
        told |= {"tries": found.tries, "resumedFrom": found.resumed_from}
    told |= {name: value for name, value in (("shared", found.shared), ("fromNeighbours", found.near)) if value}
    if found.evicted:
        told["evicted"] = [{"digest": one.digest, "bytes": one.size} for one in found.evicted]
    return told


def _end(report: Path | None, code: int, told: Mapping[str, Any]) -> None:
    line = json.dumps(told)
    print(line, flush=True)
    if report is not None:
        report.write_text(line)
    raise typer.Exit(code)


def _bytes(text: str) -> int:
    try:
        return int(parse_quantity(text))
    except ValueError as error:
        raise typer.BadParameter(f"{error}: write one such as 512Mi") from error


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
