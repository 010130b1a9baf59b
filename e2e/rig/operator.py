"""The operator as the chart runs it: the chart's ServiceAccount, arguments and configuration, in our process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from controlplane import Cluster
from controlplane.binaries import build_binaries, helm_module
from controlplane.errors import ControlPlaneError
from controlplane.processes import ProcessRecord, end, is_alive, save_record, spawn
from controlplane.waiting import wait_until
from rig.kubectl import Kubectl

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "charts" / "edgewarm"
NAMESPACE, RELEASE = "edgewarm", "edgewarm"


def install_chart(cluster: Cluster, values: Mapping[str, Any]) -> None:
    """helm install, as an administrator would; again is an upgrade."""
    file = cluster.directory / "values.yaml"
    file.write_text(yaml.safe_dump(dict(values)))
    command = [
        str(build_binaries(helm_module())["helm"]),
        "upgrade",
        "--install",
        RELEASE,
        str(CHART),
        "--namespace",
        NAMESPACE,
    ]
    command += ["--create-namespace", "--values", str(file), "--kubeconfig", str(cluster.kubeconfig)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise ControlPlaneError(f"helm could not install {CHART.name}: {done.stderr.strip()}")


@dataclass
class OperatorProcess:
    """Started, stopped and killed by pid; its log is one file over all its lives.

    A second one beside the first needs a `folder` of its own.
    """

    cluster: Cluster
    extra: Sequence[str] = ()
    folder: Path | None = None
    log: Path = field(init=False)
    _folder: Path = field(init=False)
    _port_file: Path = field(init=False)
    _record: ProcessRecord | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._folder = self.folder or self.cluster.directory / "operator"
        self.log = self.cluster.logs / "operator.log" if self.folder is None else self.folder / "operator.log"
        self._port_file = self._folder / "port"

    def start(self) -> None:
        """Start it and wait until it listens; `controlplane down` finds its record and ends it too."""
        self._folder.mkdir(exist_ok=True)
        self._port_file.unlink(missing_ok=True)
        kubeconfig = self.cluster.kubeconfig_for_service_account(NAMESPACE, RELEASE)
        environment = {**os.environ, **self._environment(), "KUBECONFIG": str(kubeconfig)}
        command = [sys.executable, "-m", "edgewarm", *self._arguments(), *self.extra]
        self._record = spawn(command, self.log, environment)
        save_record(self._folder / "process.json", self._record)
        wait_until("the operator to listen", self._port_file.exists, 120, self.last_lines)

    def _container(self) -> dict[str, Any]:
        deployment = Kubectl(self.cluster.kubeconfig).get("deployment", RELEASE, NAMESPACE)
        container: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
        return container

    def _arguments(self) -> list[str]:
        """The chart's own arguments; only the mounted file and the port are ours."""
        arguments = list(self._container()["args"])
        ours = ["--host", "127.0.0.1", "--port-file", str(self._port_file)]
        return [*_replaced(arguments, {"--sources": str(self._sources()), "--port": "0"}), *ours]

    def _environment(self) -> dict[str, str]:
        return {item["name"]: item["value"] for item in self._container().get("env", []) if "value" in item}

    def _sources(self) -> Path:
        """What the kubelet would mount from the chart's ConfigMap."""
        maps = Kubectl(self.cluster.kubeconfig).list("configmap", NAMESPACE)
        text = next(m["data"]["sources.yaml"] for m in maps if "sources.yaml" in m.get("data", {}))
        file = self._folder / "sources.yaml"
        file.write_text(text)
        return file

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port_file.read_text()}"

    @property
    def alive(self) -> bool:
        return self._record is not None and is_alive(self._record)

    def stop(self, *, kill: bool = False) -> None:
        """End it: SIGTERM and a while, or SIGKILL at once."""
        if self._record is None:
            return
        if kill and is_alive(self._record):
            os.kill(self._record.pid, signal.SIGKILL)
        end(self._record, grace_seconds=20.0)

    def last_lines(self) -> str:
        """For failure messages."""
        lines = self.log.read_text().splitlines()[-15:] if self.log.exists() else []
        return "\n".join([f"log: {self.log}", *lines])

    def lines(self) -> list[dict[str, Any]]:
        """The structured log of all lives so far."""
        found = []
        for line in self.log.read_text().splitlines():
            if line.startswith("{"):
                found.append(json.loads(line))
        return found


def _replaced(arguments: list[str], values: Mapping[str, str]) -> list[str]:
    """Arguments with the values of some options exchanged, both as `--a v` and as `--a=v`."""
    result: list[str] = []
    for argument in arguments:
        name = argument.split("=", 1)[0]
        if "=" in argument and name in values:
            result.append(f"{name}={values[name]}")
        elif result and result[-1] in values:
            result.append(values[result[-1]])
        else:
            result.append(argument)
    return result
