"""Everything at once: control plane, Prometheus with a past, the chart, the operator, and some apps with demand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from controlplane import Cluster, down, up
from controlplane.binaries import find_kubectl
from controlplane.curves import Curve
from controlplane.load import Load
from controlplane.prometheus import PrometheusServer
from controlplane.scene import start_metrics
from controlplane.series import Series
from rig.kubectl import Kubectl
from rig.objects import namespace
from rig.operator import OperatorProcess, install_chart


@dataclass(frozen=True)
class App:
    """An app with demand: `curve` in requests/s, `capacity` that one pod serves, and when its ramp begins."""

    name: str
    curve: Curve
    capacity: float
    ramp_at: float


@dataclass(frozen=True)
class World:
    """`born_at` is when the apps' time began."""

    cluster: Cluster
    prometheus: PrometheusServer
    load: Load
    operator: OperatorProcess
    kubectl: Kubectl
    apps: dict[str, App]
    born_at: float


def sources(url: str) -> list[dict[str, object]]:
    """The chart's `sources` value."""
    templates = [
        {
            "name": "http-requests",
            "query": "sum by (app) (rate(http_requests_total[1m]))",
            "arguments": ["app"],
        }
    ]
    return [{"name": "prometheus", "type": "Prometheus", "url": url, "templates": templates}]


@contextmanager
def world(  # noqa: PLR0913 (what a test world can have, all by keyword)
    name: str,
    make_apps: Callable[[float], Sequence[App]],
    *,
    nodes: int = 5,
    directory: Path | None = None,
    keep: bool = False,
    real_node: bool = False,
    warm: Sequence[str] = (),
    values: Mapping[str, object] | None = None,
) -> Iterator[World]:
    """Up, installed and started; closed in reverse order, whatever happens, unless it ends well and `keep` is set.

    In the namespaces `warm`, which are made first, the operator may keep pods; `values` are more values of the chart.
    The apps are made once the cluster is up, from the time that it is then: a slow machine does not miss its rise.
    """
    find_kubectl()
    with ExitStack() as stack:
        cluster = up(
            name, nodes, directory=directory, real_node=real_node
        )  # refuses a living one, which is then not ours to take down
        stack.callback(down, name, directory=directory)
        apps = make_apps(time.time())
        series = [Series("http_requests_total", {"app": app.name}, app.curve) for app in apps]
        load, prometheus = start_metrics(cluster.directory, series, 15.0, stack)
        kubectl = Kubectl(cluster.kubeconfig)
        for place in warm:
            kubectl.apply(namespace(place))
        install_chart(
            cluster, {"sources": sources(prometheus.url), "rungs": {"namespaces": list(warm)}, **(values or {})}
        )
        operator = OperatorProcess(cluster)
        stack.callback(operator.stop)
        operator.start()
        yield World(cluster, prometheus, load, operator, kubectl, {app.name: app for app in apps}, time.time())
        if keep:
            stack.pop_all()
