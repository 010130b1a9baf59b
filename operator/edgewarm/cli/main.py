"""`edgewarm`: run the operator, ask it why, or judge it on recorded demand."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from edgewarm.cli.backtest import backtest
from edgewarm.cli.explain import explain
from edgewarm.cli.fetch import fetch
from edgewarm.cli.replay import replay
from edgewarm.model.errors import EdgewarmError
from edgewarm.telemetry.logs import LogFormat, LogLevel

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgewarm {version('edgewarm')}")
        raise typer.Exit


@cli.callback()
def options(
    shown: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Capacity warm before the traffic comes."""


@cli.command()
def run(  # noqa: PLR0913 - one parameter per option
    sources: Annotated[Path, typer.Option(help="YAML file that declares the demand sources.")],
    host: Annotated[str, typer.Option(help="Address for /metrics, /forecasts, /healthz and /readyz.")] = "0.0.0.0",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for them; 0 takes a free one.")] = 8080,
    pass_seconds: Annotated[float, typer.Option(min=1.0, max=60.0, help="Seconds between two passes.")] = 15.0,
    log_format: Annotated[LogFormat, typer.Option(help="How a line of the log looks.")] = LogFormat.JSON,
    log_level: Annotated[LogLevel, typer.Option(help="The least important that is logged.")] = LogLevel.INFO,
    port_file: Annotated[Path | None, typer.Option(help="Write the bound port to this file.")] = None,
) -> None:
    """Run the operator against the cluster of $KUBECONFIG, or the one it runs in."""
    from edgewarm.app import Settings
    from edgewarm.app import run as run_operator

    try:
        run_operator(Settings(sources, host, port, pass_seconds, log_format, log_level, port_file))
    except EdgewarmError as error:
        typer.echo(f"edgewarm: {error}", err=True)
        raise typer.Exit(2) from error


cli.command()(backtest)
cli.command()(replay)
cli.command()(explain)
cli.command()(fetch)


def main() -> None:
    """The entry point."""
    cli()
