"""Values that the chart refuses, by the name of what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.chart import CHART, Manifest, run_helm

pytestmark = pytest.mark.contract

SOURCE = {"name": "prometheus", "type": "Prometheus", "url": "http://prometheus"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replicas": 2}, "replicas"),
        ({"image": {"repositry": "x"}}, "repositry"),
        ({"image": {"pullPolicy": "Sometimes"}}, "pullPolicy"),
        ({"image": {"digest": "sha256:1"}}, "digest"),
        ({"passSeconds": 0.5}, "passSeconds"),
        ({"passSeconds": "15s"}, "passSeconds"),
        ({"prices": {"coreHour": "1"}}, "coreHour"),
        ({"prices": {"cpuCoreHour": "dear"}}, "cpuCoreHour"),
        ({"approval": {"risk": "Huge"}}, "risk"),
        ({"log": {"format": "xml"}}, "format"),
        ({"log": {"level": "trace"}}, "level"),
        ({"scaling": {"namespaces": "shop"}}, "namespaces"),
        ({"scaling": {"namespaces": ["*"]}}, "namespaces"),
        ({"scaling": {"namespaces": ["shop", "shop"]}}, "namespaces"),
        ({"sources": {"prometheus": {}}}, "sources"),
        ({"sources": [{"name": "prometheus", "type": "Prometheus"}]}, "url"),
        ({"sources": [{**SOURCE, "type": "Graphite"}]}, "type"),
        ({"sources": [{**SOURCE, "url": "prometheus:9090"}]}, "url"),
        ({"sources": [{**SOURCE, "url": "http://user:word@prometheus"}]}, "url"),
        ({"sources": [{**SOURCE, "bearerToken": "word"}]}, "bearerToken"),
        ({"sources": [{**SOURCE, "bearerTokenFile": "token"}]}, "bearerTokenFile"),
        ({"sources": [{**SOURCE, "maxSeries": 0}]}, "maxSeries"),
        ({"sources": [{**SOURCE, "timeout": "10"}]}, "timeout"),
        ({"plugins": [{"name": "ARIMA", "url": "http://a"}]}, "name"),
        ({"plugins": [{"name": "a"}]}, "url"),
        ({"plugins": [{"name": "a", "url": "http://a", "token": "word"}]}, "token"),
        ({"fetchers": [{"name": "files", "hosts": ["files.example"], "secret": "A/b"}]}, "secret"),
        ({"fetchers": [{"name": "files", "hosts": ["files.example"], "neighbours": ["cache"]}]}, "neighbours"),
        ({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "hostPath"),
        ({"volumeMounts": [{"name": "x", "mountPath": "/etc/edgewarm/x"}]}, "mountPath"),
        ({"resources": {"limit": {"memory": "1Gi"}}}, "limit"),
        ({"serviceMonitor": {"interval": "often"}}, "interval"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
)
def test_wrong_values_are_refused_by_name(tmp_path: Path, values: Manifest, said: str) -> None:
    code, output = run_helm(tmp_path, "template", "edgewarm", str(CHART), values=values)
    assert code != 0
    assert "schema" in output
    assert said in output
