"""`edgewarm explain`: what a running operator expects of one policy's demand, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

import typer

from edgewarm.cli.options import sentences
from edgewarm.decide.explanation import alike, number, signed
from edgewarm.model.errors import EdgewarmError, Invalid, NotFound, Unavailable
from edgewarm.model.units import format_duration

if TYPE_CHECKING:
    from rich.table import Table

Json = Mapping[str, Any]
DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_SECONDS = 10.0
PIPE_COLUMNS = 120  # of a pipe or a file, which has no width of its own
SMALLEST = 0.0005  # of the largest contribution: what would show as 0 is left out
REFUSED = {404: NotFound, 409: Invalid}
HOW = (
    "run `kubectl -n edgewarm port-forward service/edgewarm-metrics 8080` beside this, "
    "or name another address with --url"
)

Policy = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="The WarmingPolicy.")]
Address = Annotated[str, typer.Option(metavar="URL", help="Where the operator serves /forecasts.")]
Horizon = Annotated[str, typer.Option(help="Which horizon to explain: lead, 5m, 15m, 1h or 24h.")]
OfResource = Annotated[
    str | None, typer.Option(help="Which of the policy's resources. (default: the one that asks for the most pods)")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the operator's whole answer instead.")]


def explain(
    policy: Policy,
    url: Address = DEFAULT_URL,
    horizon: Horizon = "lead",
    resource: OfResource = None,
    as_json: AsJson = False,
) -> None:
    """Ask a running operator what it expects of one policy's demand, and why."""
    with sentences():
        found = asked(policy, url, resource)
        if as_json:
            typer.echo(json.dumps(found, indent=2))
            return
        chosen = _chosen(found, horizon)
    _show(found, chosen)


def asked(policy: str, url: str, resource: str | None = None) -> Json:
    """The operator's answer; EdgewarmError with its sentence where it has none."""
    namespace, slash, name = policy.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise Invalid(f"{policy} is no policy: write NAMESPACE/NAME, such as shop/checkout")
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Invalid(f"--url: {url} is no address: write one such as {DEFAULT_URL}")
    try:
        path = f"/forecasts/{quote(namespace)}/{quote(name)}"
        if resource is not None:
            path += f"?resource={quote(resource)}"
        with urlopen(f"{url.rstrip('/')}{path}", timeout=TIMEOUT_SECONDS) as answer:
            return _read(answer.read(), url, "horizons")
    except HTTPError as error:
        raise _refused(error, url) from error
    except (URLError, OSError) as error:
        raise Unavailable(f"no operator answers at {url} ({getattr(error, 'reason', error)}): {HOW}") from error


def _read(body: bytes, url: str, must_have: str) -> Json:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or must_have not in found:
        raise Invalid(f"--url: {url} answers, but not as an edgewarm operator: {HOW}")
    return found


def _refused(error: HTTPError, url: str) -> EdgewarmError:
    return REFUSED.get(error.code, Unavailable)(str(_read(error.read(), url, "error")["error"]))


def _chosen(found: Json, horizon: str) -> Json:
    by_name = {one["horizon"]: one for one in found["horizons"]}
    if horizon not in by_name:
        raise Invalid(f"--horizon: {horizon} is none of {', '.join(by_name)}")
    chosen: Json = by_name[horizon]
    return chosen


def _show(found: Json, chosen: Json) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True, width=width)
    demand = number(found["demand"]) if "demand" in found else f"unknown ({found['missing']['reason']})"
    lead = found["leadTime"]
    how = f"measured, {lead['starts']} starts" if lead["source"] == "Measured" else "default until one is measured"
    console.print(
        f"{found['namespace']}/{found['policy']}: {found.get('resource', 'demand')} now {demand}, "
        f"{number(found['capacityPerPod'])} per pod, "
        f"lead time {lead['p90Seconds']:.0f} s ({how}){_trust(found)}{_cycle(found)}"
    )
    console.print(_horizons(found["horizons"]))
    if not chosen["why"]:
        console.print(_without_why(found, chosen))
        return
    console.print(_why(chosen))
    for why in chosen["why"]:
        console.print(why["sentence"])


def _without_why(found: Json, chosen: Json) -> str:
    if "probabilityOfDemand" in chosen:
        sure = f"{chosen['probabilityOfDemand']:.1%}"
        return f"Demand is mostly zero here. At horizon {chosen['horizon']} something is asked with probability {sure}."
    return f"Model {found['model']} forecasts; only Fleet says why."


def _trust(found: Json) -> str:
    if "confidence" not in found:
        return ""
    acted = "acted on" if found["confidence"]["acting"] else "shown only"
    return f", confidence {100 * found['confidence']['value']:.0f} % ({acted})"


def _cycle(found: Json) -> str:
    return f", repeats every {format_duration(found['cycle']['seconds'])}" if "cycle" in found else ""


def _table(title: str, footer: bool = False) -> Table:
    from rich.box import SIMPLE_HEAVY
    from rich.table import Table

    return Table(title=title, title_justify="left", show_footer=footer, box=SIMPLE_HEAVY, padding=(0, 1))


def _horizons(horizons: Sequence[Json]) -> Table:
    table = _table("What is expected")
    for name in ("horizon", "at (UTC)", "median", "p90", "68 %", "95 %", "pods p50", "pods p90"):
        table.add_column(name, justify="left" if name in {"horizon", "at (UTC)"} else "right", no_wrap=True)
    for one in horizons:
        ranges = [f"{number(one[name]['low'])} to {number(one[name]['high'])}" for name in ("interval68", "interval95")]
        pods = [str(one["need"][level]) for level in ("p50", "p90")]
        at = one["at"][5:16].replace("T", " ")
        table.add_row(one["horizon"], at, number(one["p50"]), number(one["p90"]), *ranges, *pods)
    return table


def _why(chosen: Json) -> Table:
    table = _table(f"Why, at horizon {chosen['horizon']}", footer=True)
    columns = {why["level"]: {one["name"]: one for one in why["contributions"]} for why in chosen["why"]}
    table.add_column("contribution", footer="forecast", no_wrap=True)
    size = max(abs(each["amount"]) for column in columns.values() for each in column.values())
    for why in chosen["why"]:
        table.add_column(why["level"], footer=alike(why["value"], size), justify="right", no_wrap=True)
    named = {name: one["text"] for column in columns.values() for name, one in column.items()}
    for name, text in named.items():
        amounts = [column.get(name, {"amount": 0.0})["amount"] for column in columns.values()]
        if max(map(abs, amounts)) < SMALLEST * size:
            continue
        table.add_row(text, *(alike(each, size) if name == "now" else signed(each, size) for each in amounts))
    return table
