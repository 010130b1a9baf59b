"""A real Prometheus on loopback that can begin with a past."""

import json
import shutil
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from .errors import ControlPlaneError
from .files import last_lines, write_atomically
from .history import Span, create_blocks, write_openmetrics
from .network import answers_ok, free_ports
from .processes import end, is_alive, load_record, save_record, spawn
from .prometheus_binaries import PrometheusBinaries, find_prometheus
from .series import Series, label_text
from .waiting import wait_until

START_ATTEMPTS = 5
START_SECONDS = 60.0
START_LEAD_SECONDS = 3.0  # promtool's second run and the start of Prometheus take about one


@dataclass(frozen=True)
class Target:
    """What to scrape. `instance` is a name of ours, not the address, so that a new port is the same series."""

    address: str
    job: str = "load"
    instance: str = "load-0"

    @property
    def labels(self) -> dict[str, str]:
        return {"job": self.job, "instance": self.instance}


@dataclass(frozen=True)
class History:
    """Series to have been scraped already, as if from `target`, from their curves' start to this moment."""

    series: Sequence[Series]
    target: Target


class PrometheusServer:
    """Make one with `start_prometheus`; stop() and start() keep data, port and URL."""

    def __init__(self, directory: Path, binaries: PrometheusBinaries, port: int = 0) -> None:
        self.directory = directory
        self._binaries = binaries
        self._port = port
        self._log = directory / "prometheus.log"
        self._record_file = directory / "process.json"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts on the port it had; the first time on a free one, and on another where that is taken."""
        if self._alive():
            return
        fixed = self._port != 0
        for _ in range(START_ATTEMPTS):
            if not fixed:
                self._port = free_ports(1)[0]
            self._launch()
            if self._became_ready():
                return
            if fixed or "address already in use" not in last_lines(self._log):
                break
        raise ControlPlaneError(
            f"Prometheus ended while it started. Its log is {self._log}; the last lines:\n{last_lines(self._log)}"
        )

    def stop(self) -> None:
        record = load_record(self._record_file)
        if record is not None:
            end(record, grace_seconds=20.0)

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """The result of an instant query."""
        parameters = {"query": expression} | ({} if at is None else {"time": repr(at)})
        return self._ask("query", parameters)

    def query_range(self, expression: str, span: tuple[float, float], step: float) -> list[dict[str, Any]]:
        start, finish = span
        return self._ask("query_range", {"query": expression, "start": start, "end": finish, "step": step})

    def _ask(self, path: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def _launch(self) -> None:
        argv = [
            str(self._binaries.prometheus),
            f"--config.file={self.directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            "--storage.tsdb.retention.time=365d",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
            "--scrape.discovery-reload-interval=100ms",  # the default of 5 s would delay the first scrape
        ]
        save_record(self._record_file, spawn(argv, self._log))

    def _became_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self._alive():
                return False
            if answers_ok(self._port, "/-/ready"):
                return True
            time.sleep(0.05)
        raise ControlPlaneError(f"Prometheus was not ready within {START_SECONDS:g} s; see {self._log}")

    def _alive(self) -> bool:
        record = load_record(self._record_file)
        return record is not None and is_alive(record)


def start_prometheus(
    directory: Path, targets: Sequence[Target], *, history: History | None = None, scrape_interval: float = 15.0
) -> PrometheusServer:
    """Writes the past first, up to now, while no server runs; then starts one that scrapes on from there."""
    binaries = find_prometheus()
    directory.mkdir(parents=True, exist_ok=True)
    write_atomically(directory / "prometheus.yml", configuration(targets, scrape_interval))
    if history is not None:
        _backfill(binaries, directory, history, scrape_interval)
    server = PrometheusServer(directory, binaries)
    server.start()
    return server


def configuration(targets: Sequence[Target], scrape_interval: float) -> str:
    """prometheus.yml; honor_labels, so that a series keeps the labels its exporter gives."""
    interval = f"{round(scrape_interval * 1000)}ms"
    jobs: dict[str, list[Target]] = {}
    for target in targets:
        jobs.setdefault(target.job, []).append(target)
    scrapes = [
        {
            "job_name": job,
            "honor_labels": True,
            "static_configs": [{"targets": [one.address], "labels": {"instance": one.instance}} for one in members],
        }
        for job, members in jobs.items()
    ]
    limits = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
    return yaml.safe_dump({"global": limits, "scrape_configs": scrapes}, sort_keys=False)


def _backfill(binaries: PrometheusBinaries, directory: Path, history: History, step: float) -> None:
    """Writes the past at the very moments of the interval at which Prometheus will scrape.

    Uneven spacing at the seam would make `rate()` dip there by up to a third. So first its rhythm is asked for; and
    the past is written twice, the second time only what passed meanwhile.
    """
    rhythm = _rhythm(binaries, directory, history.target, step)
    after = float("-inf")
    for last in (False, True):
        if last:
            time.sleep(pause_before_start(time.time() - rhythm, step))
        now = time.time()
        span = Span(after, now - (now - rhythm) % step, step)
        openmetrics = directory / "history.om"
        with openmetrics.open("w") as stream:
            write_openmetrics(stream, history.series, span, history.target.labels)
        if any(span.times(one.curve.start).size for one in history.series):
            create_blocks(binaries.promtool, openmetrics, directory / "data")
            after = span.until
        openmetrics.unlink()


def pause_before_start(since_scrape: float, step: float) -> float:
    """How long to wait so that no scrape falls into the start; 0 for intervals so short that one must."""
    left = step - since_scrape % step
    return left + 0.1 if left < START_LEAD_SECONDS < step / 2 else 0.0


def _rhythm(binaries: PrometheusBinaries, directory: Path, target: Target, step: float) -> float:
    """Where in each interval Prometheus scrapes this target: it hashes host and target, so a first run tells."""
    trial = PrometheusServer(directory / "trial", binaries)
    write_atomically(trial.directory / "prometheus.yml", (directory / "prometheus.yml").read_text())
    found: list[dict[str, Any]] = []

    def scraped() -> bool:
        found[:] = trial.query(f"timestamp(up{label_text(target.labels)})")
        return bool(found)

    try:
        trial.start()
        wait_until("a first scrape", scraped, step + START_SECONDS, lambda: f"See {trial.directory}")
    finally:
        trial.stop()
    shutil.rmtree(trial.directory)
    return float(found[0]["value"][1]) % step
