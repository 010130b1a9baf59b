"""Templates that no standby can be built from, each with a sentence that names what to change."""

from __future__ import annotations

from typing import Any

import pytest

from edgewarm.decide.standby_refusals import Template, refusal
from support.warm import WEB

pytestmark = pytest.mark.unit


def env(path: str) -> dict[str, Any]:
    variable = {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    return {"containers": [{"name": "app", "env": [variable]}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app"}], "volumes": [{"name": "v", **source}]}


ITEMS = {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}


@pytest.mark.parametrize(
    ("spec", "fragment"),
    [
        ({"hostNetwork": True}, "the template uses hostNetwork"),
        ({"containers": [{"name": "app", "ports": [{"hostPort": 80}]}]}, "container app uses hostPort 80"),
        ({"initContainers": [{"name": "in", "ports": [{"hostPort": 81}]}]}, "container in uses hostPort 81"),
        (volume(persistentVolumeClaim={"claimName": "data"}), "PersistentVolumeClaim data for writing"),
        (env("metadata.labels['app']"), "variable ME, reads metadata.labels['app']"),
        (env("metadata.labels['pod-template-hash']"), "reads metadata.labels['pod-template-hash']"),
        (volume(downwardAPI=ITEMS), "volume v reads metadata.labels "),
        (volume(projected={"sources": [{"downwardAPI": ITEMS}]}), "volume v reads metadata.labels "),
    ],
)
def test_it_is_refused(spec: dict[str, Any], fragment: str) -> None:
    found = refusal(Template(spec, (WEB,), {"app"}))
    assert found is not None
    assert fragment in found
    assert "remove" in found


@pytest.mark.parametrize(
    "spec",
    [
        env("metadata.labels['tier']"),
        env("metadata.name"),
        volume(persistentVolumeClaim={"claimName": "data", "readOnly": True}),
        volume(emptyDir={}),
        {"containers": [{"name": "app", "ports": [{"containerPort": 80}], "env": [{"name": "A", "value": "b"}]}]},
    ],
    ids=["a label that stays", "its name", "a claim that is only read", "a volume of its own", "plain"],
)
def test_it_is_taken(spec: dict[str, Any]) -> None:
    assert refusal(Template(spec, (WEB,), {"app"})) is None


def test_without_a_service_it_would_work_while_it_waits() -> None:
    found = refusal(Template({}, (), {"app"}))
    assert found is not None
    assert "queue consumer" in found
    assert "add a Service" in found
