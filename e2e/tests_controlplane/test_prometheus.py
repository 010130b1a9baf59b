"""A real Prometheus with a past: the seam between history and live scrape cannot be seen."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from controlplane.curves import DAY, Curve, generated, scaled
from controlplane.load import Load
from controlplane.prometheus import PrometheusServer
from controlplane.scene import start_metrics
from controlplane.series import Series
from controlplane.waiting import wait_until

pytestmark = pytest.mark.e2e

SCRAPE = 1.0
DAYS = 2
SEAM = 0.15  # a past with another rhythm than the scrapes dips by up to 0.3; late scrapes of a busy machine by less


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Load, PrometheusServer, Curve]]:
    curve = generated(DAYS, seed=3, now=time.time())
    series = [
        Series("http_requests_total", {"app": "checkout"}, curve),
        Series("http_requests_total", {"app": "search"}, scaled(curve, 3)),
        Series("sessions", {"app": "checkout"}, curve, "gauge"),
    ]
    directory: Path = tmp_path_factory.mktemp("metrics")
    with ExitStack() as stack:
        load, prometheus = start_metrics(directory, series, SCRAPE, stack)
        yield load, prometheus, curve


def rate(prometheus: PrometheusServer, app: str, window: int, at: float) -> float:
    (found,) = prometheus.query(f'sum(rate(http_requests_total{{app="{app}"}}[{window}s]))', at)
    return float(found["value"][1])


def mean(curve: Curve, start: float, end: float) -> float:
    return (curve.integral(end) - curve.integral(start)) / (end - start)


def test_the_past_is_there_and_true(metrics: tuple[Load, PrometheusServer, Curve]):
    _, prometheus, curve = metrics
    for hours in (1, 20, 40):
        at = time.time() - hours * 3600
        assert rate(prometheus, "checkout", 60, at) == pytest.approx(mean(curve, at - 60, at), rel=0.03)


def test_the_rate_over_the_seam_is_the_demand(metrics: tuple[Load, PrometheusServer, Curve]):
    _, prometheus, curve = metrics
    begun = time.time()
    wait_until("live scrapes", lambda: time.time() > begun + 8)
    now = time.time()
    for window in (30, 60, 300):
        expected = mean(curve, now - window, now)
        assert rate(prometheus, "checkout", window, now) == pytest.approx(expected, rel=SEAM)
        assert rate(prometheus, "search", window, now) == pytest.approx(3 * expected, rel=SEAM)
    (raw,) = prometheus.query('http_requests_total{app="checkout"}[5m]')
    off = [abs(float(value) - curve.integral(float(at))) / curve.at(float(at)) for at, value in raw["values"]]
    assert max(off) < 1.0  # seconds of demand: past and present are the same function of time, however late a scrape
    (found,) = prometheus.query("sum(resets(http_requests_total[10m]))")
    assert float(found["value"][1]) == 0
    assert len(prometheus.query("http_requests_total")) == 2  # the past and the present are the same series


def test_the_past_has_the_rhythm_of_the_scrapes(metrics: tuple[Load, PrometheusServer, Curve]):
    _, prometheus, _ = metrics
    wait_until("live scrapes", lambda: bool(prometheus.query("count_over_time(up[1h]) > 5")))
    (found,) = prometheus.query('http_requests_total{app="search"}[2m]')
    phases = Counter(round(float(time) % SCRAPE, 1) % SCRAPE for time, _ in found["values"])
    assert phases.most_common(1)[0][1] >= 0.8 * phases.total()  # a busy machine scrapes a little late now and then


def test_a_gauge_is_the_curve_itself(metrics: tuple[Load, PrometheusServer, Curve]):
    _, prometheus, curve = metrics
    at = time.time() - DAY
    (found,) = prometheus.query("sessions", at)
    assert float(found["value"][1]) == pytest.approx(curve.at(at), rel=0.02)


def test_stopping_the_load_and_prometheus_loses_nothing(metrics: tuple[Load, PrometheusServer, Curve]):
    load, prometheus, curve = metrics
    url, address = prometheus.url, load.address
    load.stop()
    prometheus.stop()
    load.start()
    prometheus.start()
    assert (prometheus.url, load.address) == (url, address)
    begun = time.time()
    wait_until("a scrape", lambda: time.time() > begun + 3 * SCRAPE)
    now = time.time()
    assert rate(prometheus, "checkout", 120, now) == pytest.approx(mean(curve, now - 120, now), rel=SEAM)
    assert len(prometheus.query_range("http_requests_total", (now - DAY, now), 600)[0]["values"]) > 140
