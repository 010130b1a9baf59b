"""The chart, rendered by the helm that the control plane's build leaves in the cache."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgewarm.cluster.resources import Resource

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "edgewarm"
BUILD = "PYTHONPATH=e2e python -m controlplane build --with helm"

Manifest = dict[str, Any]
Right = tuple[str, str, str]  # API group, resource, verb

EVERYTHING: Manifest = yaml.safe_load((CHART / "ci" / "everything-values.yaml").read_text())


@cache
def helm() -> str:
    """The path of the helm that the control plane's build leaves in the cache; tests never build it."""
    binaries = pytest.importorskip("controlplane.binaries", reason=f"no e2e on the path; helm comes from: {BUILD}")
    path = binaries.binaries_folder(binaries.helm_module()) / "helm"
    if not path.exists():
        pytest.skip(f"helm is not built: {BUILD}")
    return str(path)


def run_helm(tmp_path: Path, action: str, *arguments: str, values: Mapping[str, Any] | None = None) -> tuple[int, str]:
    """Exit code and output; helm keeps its own files below `tmp_path` and sees no cluster."""
    file = tmp_path / "values.yaml"
    file.write_text(json.dumps(values or {}))
    homes = {f"HELM_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [helm(), action, *arguments, "--values", str(file)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none"), **homes},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def render(tmp_path: Path, values: Mapping[str, Any] | None = None, release: str = "edgewarm") -> list[Manifest]:
    code, output = run_helm(tmp_path, "template", release, str(CHART), "--namespace", "edgewarm", values=values)
    assert code == 0, output
    return [manifest for manifest in yaml.safe_load_all(output) if manifest]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {manifest["metadata"]["name"]: manifest for manifest in manifests if manifest["kind"] == kind}


def rights(role: Manifest) -> set[Right]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def on(resource: Resource, *verbs: str, subresource: str = "") -> set[Right]:
    plural = f"{resource.plural}/{subresource}" if subresource else resource.plural
    return {(resource.group, plural, verb) for verb in verbs}


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its dotted path; an empty mapping is a value."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def default_values() -> Manifest:
    loaded: Manifest = yaml.safe_load((CHART / "values.yaml").read_text())
    return loaded
