"""A whole scene: cluster, load with a past, Prometheus; made in order, taken down in reverse."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster
from .load import Load
from .prometheus import History, PrometheusServer, Target, start_prometheus
from .providers import down, up
from .series import Series


@dataclass(frozen=True)
class Scene:
    cluster: Cluster
    load: Load
    prometheus: PrometheusServer


@contextmanager
def scene(
    name: str,
    series: Sequence[Series],
    *,
    nodes: int = 3,
    provider: str | None = None,
    scrape_interval: float = 15.0,
) -> Iterator[Scene]:
    """Everything up and answering, with the past of all series; make the series last, so that `now` is now."""
    with ExitStack() as stack:
        cluster = up(name, nodes, provider=provider)  # refuses a living one, which is then not ours to take down
        stack.callback(down, name)
        load, prometheus = start_metrics(cluster.directory, series, scrape_interval, stack)
        yield Scene(cluster, load, prometheus)


def start_metrics(
    directory: Path, series: Sequence[Series], scrape_interval: float, stack: ExitStack
) -> tuple[Load, PrometheusServer]:
    """Load and Prometheus below `directory`; closing the stack ends both."""
    load = Load(directory / "load", series)
    stack.callback(load.stop)
    load.start()
    target = Target(load.address)
    prometheus = start_prometheus(
        directory / "prometheus", [target], history=History(series, target), scrape_interval=scrape_interval
    )
    stack.callback(prometheus.stop)
    return load, prometheus
