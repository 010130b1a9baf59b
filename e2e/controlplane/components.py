"""The command line of every component of a local control plane, as data."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Order of start; the order of stop is the reverse, so that nothing outlives what it depends on.
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "images")
REAL_NODE = ("registry", "link", "node-room", "containerd", "kubelet")
START_ORDER = CONTROL_PLANE + REAL_NODE
SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.244.0.0/16"
AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: RequestResponse  # what was made, changed and taken away, and where it was put
    verbs: [create, patch, delete]
    resources: [{resources: [pods, pods/binding]}]
    omitManagedFields: true
  - level: Metadata
"""


@dataclass(frozen=True)
class Component:
    """One process: its command line, the port it serves on (0: none) and the path that says it is well."""

    name: str
    argv: tuple[str, ...]
    port: int
    health: str
    secure: bool


@dataclass(frozen=True)
class Folders:
    """The files of one cluster, all below its folder."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def kubeconfigs(self) -> Path:
        return self.root / "kubeconfigs"

    @property
    def stages(self) -> Path:
        return self.root / "stages.yaml"

    def kubeconfig(self, user: str) -> Path:
        return self.kubeconfigs / f"{user}.kubeconfig"

    def log(self, component: str) -> Path:
        return self.logs / f"{component}.log"

    def record(self, component: str) -> Path:
        return self.root / "processes" / f"{component}.json"


def etcd(binary: Path, folders: Folders, client_port: int, peer_port: int) -> Component:
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    flags = {
        "data-dir": folders.root / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "unsafe-no-fsync": "true",  # the data lives as long as the test does
        "quota-backend-bytes": 2 << 30,
        "watch-progress-notify-interval": "5s",  # as kubeadm does: bookmarks reach watches of quiet kinds too
        "log-level": "warn",
    }
    return Component("etcd", _argv(binary, flags), client_port, "/health", False)


def api_server(binary: Path, folders: Folders, port: int, etcd_port: int) -> Component:
    pki = folders.pki
    flags = {
        "etcd-servers": f"http://127.0.0.1:{etcd_port}",
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": port,
        "cert-dir": pki,
        "tls-cert-file": pki / "server.crt",
        "tls-private-key-file": pki / "server.key",
        "client-ca-file": pki / "ca.crt",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": pki / "service-account.crt",
        "service-account-signing-key-file": pki / "service-account.key",
        "service-cluster-ip-range": SERVICE_RANGE,
        "kubelet-client-certificate": pki / "kubelet-client.crt",
        "kubelet-client-key": pki / "kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "authorization-mode": "Node,RBAC",
        "endpoint-reconciler-type": "none",  # no node can reach loopback anyway
        "allow-privileged": "true",
        "audit-policy-file": folders.root / "audit-policy.yaml",
        "audit-log-path": folders.logs / "audit.log",
        "audit-log-maxsize": 200,
        "audit-log-maxbackup": 2,
        "profiling": "false",
    }
    return Component("kube-apiserver", _argv(binary, flags), port, "/readyz", True)


def controller_manager(binary: Path, folders: Folders, port: int, node_grace_seconds: float) -> Component:
    pki = folders.pki
    flags = {
        **_secure(folders, port),
        "kubeconfig": folders.kubeconfig("controller-manager"),
        "use-service-account-credentials": "true",
        # the default of 20 requests/s would make the start wait for the service accounts of 40 controllers
        "kube-api-qps": 100,
        "kube-api-burst": 200,
        "leader-elect": "false",
        "service-account-private-key-file": pki / "service-account.key",
        "root-ca-file": pki / "ca.crt",
        "cluster-signing-cert-file": pki / "ca.crt",
        "cluster-signing-key-file": pki / "ca.key",
        "node-monitor-period": f"{min(5.0, node_grace_seconds / 4):g}s",
        "node-monitor-grace-period": f"{node_grace_seconds:g}s",
        "horizontal-pod-autoscaler-sync-period": "5s",  # the default of 15 s is how long a test would wait
    }
    return Component("kube-controller-manager", _argv(binary, flags), port, "/healthz", True)


def scheduler(binary: Path, folders: Folders, port: int) -> Component:
    flags = {**_secure(folders, port), "kubeconfig": folders.kubeconfig("scheduler"), "leader-elect": "false"}
    return Component("kube-scheduler", _argv(binary, flags), port, "/healthz", True)


def kwok(binary: Path, folders: Folders, port: int, node_grace_seconds: float) -> Component:
    flags = {
        "kubeconfig": folders.kubeconfig("kwok"),
        "config": folders.stages,
        "manage-nodes-with-label-selector": "type=kwok",
        # kwok renews a lease after a quarter of this, so a node is lost only when kwok is
        "node-lease-duration-seconds": max(4, int(node_grace_seconds * 0.8)),
        "cidr": POD_RANGE,
        "node-ip": "10.0.0.1",
        "server-address": f"127.0.0.1:{port}",
    }
    return Component("kwok", _argv(binary, flags), port, "/healthz", False)


def images(folders: Folders) -> Component:
    argv = (sys.executable, "-m", "controlplane.images", "--kubeconfig", str(folders.kubeconfig("kwok")))
    return Component("images", argv, 0, "", False)


def _secure(folders: Folders, port: int) -> dict[str, object]:
    return {
        "bind-address": "127.0.0.1",
        "secure-port": port,
        "tls-cert-file": folders.pki / "server.crt",
        "tls-private-key-file": folders.pki / "server.key",
        "profiling": "false",
    }


def _argv(binary: Path, flags: Mapping[str, object]) -> tuple[str, ...]:
    return (str(binary), *(f"--{name}={value}" for name, value in flags.items()))
