"""A cluster that is up: where it is, and what a test may do to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .api import Api, api_from
from .components import Folders
from .errors import ControlPlaneError
from .files import read_json, write_json
from .kubeconfigs import write_token_kubeconfig
from .nodes import NodeSize, next_names, node_manifest, takes_pods
from .supervisor import Supervisor
from .waiting import wait_until

TOKEN_SECONDS = 24 * 3600
RECORD = "cluster.json"


@dataclass(frozen=True)
class Cluster:
    """`kubeconfig` is the administrator's; `logs` holds one file per component, and audit.log."""

    name: str
    directory: Path
    kubeconfig: Path
    server: str
    logs: Path
    provider: str

    def api(self) -> Api:
        return api_from(self.kubeconfig)

    def stop(self, component: str) -> None:
        """Ends one component; the rest of the cluster lives on without it."""
        self.supervisor().stop(component)

    def start(self, component: str) -> None:
        """Starts a stopped component again: same port, same data."""
        self.supervisor().start(component)

    def supervisor(self) -> Supervisor:
        return Supervisor(Folders(self.directory))

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a fresh token of 24 hours for a service account that exists."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": TOKEN_SECONDS},
        }
        token = self.api().post(path, request)["status"]["token"]
        target = Folders(self.directory).kubeconfig(f"{namespace}.{name}")
        write_token_kubeconfig(target, self.kubeconfig, token)
        return target

    def add_nodes(self, count: int, labels: Mapping[str, str] | None = None, size: NodeSize | None = None) -> list[str]:
        """Adds simulated nodes with these labels and waits until they take pods; call it once per zone."""
        api = self.api()
        names = next_names([node["metadata"]["name"] for node in api.get("/api/v1/nodes")["items"]], count)
        for name in names:
            api.post("/api/v1/nodes", node_manifest(name, labels or {}, size or NodeSize()))
        self._await_nodes(api, set(names))
        return names

    def _await_nodes(self, api: Api, names: set[str]) -> None:
        def missing() -> set[str]:
            nodes: list[dict[str, Any]] = api.get("/api/v1/nodes?labelSelector=type%3Dkwok")["items"]
            return names - {node["metadata"]["name"] for node in nodes if takes_pods(node)}

        wait_until(
            "simulated nodes to be Ready",
            lambda: not missing(),
            detail=lambda: f"Not ready: {', '.join(sorted(missing()))}; see {self.logs / 'kwok.log'}",
            poll=0.1,
        )


def save_cluster(cluster: Cluster) -> None:
    facts = {"name": cluster.name, "server": cluster.server, "provider": cluster.provider}
    write_json(cluster.directory / RECORD, {**facts, "kubeconfig": str(cluster.kubeconfig)})


def load_cluster(directory: Path) -> Cluster:
    if not (directory / RECORD).exists():
        raise ControlPlaneError(f"no cluster in {directory}: start one with `python -m controlplane up`")
    found = read_json(directory / RECORD)
    kubeconfig = Path(found["kubeconfig"])
    logs = Folders(directory).logs
    return Cluster(found["name"], directory, kubeconfig, found["server"], logs, found["provider"])
