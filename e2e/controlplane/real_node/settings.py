"""The configuration files of a real node's processes, as text."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NODE = "real-0"
LABELS = {"type": "real"}
TAINT = {"key": "e2e.edgewarm.io/node", "value": "real", "effect": "NoSchedule"}
TOLERATION = {"key": TAINT["key"], "operator": "Exists"}
# a name without a port, so that images are called the same in every run; containerd finds the registry by hosts.toml
REGISTRY = "registry.e2e.edgewarm.io"
PAUSE = f"{REGISTRY}/pause:1"
SOCKET = "/run/containerd/containerd.sock"


@dataclass(frozen=True)
class Runtime:
    """What containerd's configuration depends on."""

    snapshotter: str
    runc: Path
    plugins: Path
    folder: Path

    @property
    def certificates(self) -> Path:
        return self.folder / "hosts"

    @property
    def network(self) -> Path:
        return self.folder / "cni"


def containerd_toml(runtime: Runtime, port: int) -> str:
    # runc fails to lower oom_score_adj in a sandbox: "can't get final child's PID from pipe"
    return f"""version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri"]

[plugins."io.containerd.server.v1.grpc"]
address = "{SOCKET}"

[plugins."io.containerd.server.v1.metrics"]
address = "127.0.0.1:{port}"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "{runtime.snapshotter}"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{PAUSE}"
[plugins."io.containerd.cri.v1.images".registry]
config_path = "{runtime.certificates}"

[[plugins."io.containerd.transfer.v1.local".unpack_config]]
platform = "linux/amd64"
snapshotter = "{runtime.snapshotter}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{runtime.plugins}"]
conf_dir = "{runtime.network}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "{runtime.runc}"
SystemdCgroup = false
"""


def hosts_toml(link_port: int) -> str:
    """Sends pulls of our registry's name through the shaped link."""
    url = f"http://127.0.0.1:{link_port}"
    return f'server = "{url}"\n[host."{url}"]\ncapabilities = ["pull", "resolve"]\n'


def network_list(bridge: str, network: str) -> str:
    """A bridge that has its address already, for `isGateway` would switch on the host's forwarding."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": f"{network}.0/24", "gateway": f"{network}.1"}]],
        "routes": [{"dst": "0.0.0.0/0", "gw": f"{network}.1"}],
    }
    plugins = [{"type": "bridge", "bridge": bridge, "isGateway": False, "ipMasq": False, "ipam": addresses}]
    return json.dumps({"cniVersion": "1.0.0", "name": "edgewarm", "plugins": plugins}, indent=1)


def registry_yaml(folder: Path, port: int) -> str:
    document = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    return yaml.safe_dump(document)


@dataclass(frozen=True)
class KubeletPlace:
    """Where a kubelet listens and what it belongs to."""

    address: str
    port: int
    health_port: int
    cgroup: str
    authority: Path


def kubelet_yaml(place: KubeletPlace, lease_seconds: int) -> str:
    document: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": place.address,
        "port": place.port,
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": place.health_port,
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(place.authority)},
        },
        "authorization": {"mode": "Webhook"},
        "nodeLeaseDurationSeconds": lease_seconds,
        "registerWithTaints": [TAINT],
    }
    return yaml.safe_dump(document | _quick() | _modest(place.cgroup))


def _quick() -> dict[str, Any]:
    """Statuses at once, so that tests need not wait for a heartbeat; images side by side, none collected."""
    return {
        "nodeStatusUpdateFrequency": "1s",
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def _modest(cgroup: str) -> dict[str, Any]:
    """What lets a kubelet live on a machine that is not its own."""
    return {
        "cgroupRoot": f"/{cgroup}",
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": True,  # in-place resize panics without
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "resolvConf": "",
    }
