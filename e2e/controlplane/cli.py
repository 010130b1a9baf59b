"""The command line: up, down, clean, status, kubeconfig, build."""

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .binaries import (
    build_binaries,
    find_kubectl,
    helm_module,
    kind_module,
    kubernetes_module,
    real_node_binaries,
)
from .cluster import RECORD, Cluster
from .errors import ControlPlaneError
from .places import cluster_folder
from .prometheus_binaries import find_prometheus
from .providers import clean, cluster_names, down, find_cluster, up
from .real_node.probe import refusal

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A real control plane on this machine, for tests.")
Name = Annotated[str, typer.Option(help="Which cluster.")]


class Provider(StrEnum):
    local = "local"
    kind = "kind"
    kubeconfig = "kubeconfig"


class Extra(StrEnum):
    helm = "helm"
    kind = "kind"
    prometheus = "prometheus"
    real_node = "real-node"


@app.command("up")
def bring_up(
    name: Name = "edgewarm",
    provider: Annotated[Provider | None, typer.Option(help="kind where a Docker engine answers, else local.")] = None,
    nodes: Annotated[int, typer.Option(min=0, help="Simulated nodes.")] = 3,
    real_node: Annotated[bool, typer.Option("--real-node", help="Also a node whose pods run; needs root.")] = False,
) -> None:
    """Start a cluster; it lives on after this command."""
    started = time.monotonic()
    cluster = up(name, nodes, provider=provider.value if provider else None, real_node=real_node)
    typer.echo(f"cluster {name} is up after {time.monotonic() - started:.1f} s: {cluster.server}")
    typer.echo(f"  export KUBECONFIG={cluster.kubeconfig}")


@app.command("down")
def take_down(
    name: Name = "edgewarm", every: Annotated[bool, typer.Option("--all", help="All clusters.")] = False
) -> None:
    """End a cluster's processes and remove its files."""
    names = cluster_names() if every else [name]
    if not every and name not in cluster_names():
        typer.echo(f"no cluster {name}; there are: {', '.join(cluster_names()) or 'none'}")
        return
    for one in names:
        down(one)
        typer.echo(f"cluster {one} is down")


@app.command("clean")
def clean_up() -> None:
    """End what killed test runs left: processes, mounts, control groups, bridges and files."""
    for folder in clean():
        typer.echo(f"ended what was left of {folder}")


@app.command()
def status(name: Annotated[str | None, typer.Option(help="Only this cluster.")] = None) -> None:
    """Show clusters, their components, pids, ports and logs."""
    names = [name] if name else cluster_names()
    if not names:
        typer.echo("no clusters: start one with `python -m controlplane up`")
    for one in names:
        logs = cluster_folder(one) / "logs"
        if name is None and not (cluster_folder(one) / RECORD).exists():
            typer.echo(f"{one}: not complete (it is starting, or failed to); its logs are in {logs}")
        else:
            _show(find_cluster(one))


@app.command()
def kubeconfig(
    name: Name = "edgewarm",
    service_account: Annotated[str, typer.Option(help="NAMESPACE/NAME: a token of its own for 24 h.")] = "",
) -> None:
    """Print the path of a kubeconfig: export KUBECONFIG=$(python -m controlplane kubeconfig)."""
    cluster = find_cluster(name)
    if not service_account:
        typer.echo(cluster.kubeconfig)
        return
    namespace, slash, account = service_account.partition("/")
    if not slash:
        raise ControlPlaneError(f"--service-account {service_account}: write NAMESPACE/NAME")
    typer.echo(cluster.kubeconfig_for_service_account(namespace, account))


@app.command()
def build(
    extra: Annotated[list[Extra] | None, typer.Option("--with", help="Also this; may be given again.")] = None,
) -> None:
    """Build what `up` needs, ahead of time, and print where it is."""
    paths = build_binaries(kubernetes_module()) | {"kubectl": find_kubectl()}
    wanted = set(extra or [])
    if Extra.helm in wanted:
        paths |= build_binaries(helm_module())
    if Extra.kind in wanted:
        paths |= build_binaries(kind_module())
    if Extra.prometheus in wanted:
        found = find_prometheus()
        paths |= {"prometheus": found.prometheus, "promtool": found.promtool}
    if Extra.real_node in wanted:
        paths |= _real_node_paths()
    for path in paths.values():
        typer.echo(path)


def _real_node_paths() -> dict[str, Path]:
    """None where no real node can run: minutes of building for tests that are skipped would be wasted."""
    reason = refusal()
    if reason:
        typer.echo(f"not built, since no real node can run here: {reason}", err=True)
        return {}
    return real_node_binaries()


def main() -> None:
    try:
        app()
    except ControlPlaneError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)


def _show(cluster: Cluster) -> None:
    supervisor = cluster.supervisor()
    running = supervisor.running()
    table = Table(title=f"{cluster.name} ({cluster.provider}) {cluster.server}", title_justify="left")
    for column in ("component", "state", "pid", "port", "log"):
        table.add_column(column, overflow="fold")
    for name in supervisor.names():
        record = running.get(name)
        port = supervisor.component(name).port
        row = ("running", str(record.pid)) if record else ("stopped", "")
        table.add_row(name, *row, str(port or ""), str(cluster.logs / f"{name}.log"))
    # a pipe has no width; 80 columns would break the paths
    console = Console() if sys.stdout.isatty() else Console(width=180)
    console.print(table)
    typer.echo(f"  kubeconfig {cluster.kubeconfig}")
