"""Build the control plane's binaries from pinned Go modules into a cache keyed by what they are built from."""

import hashlib
import platform
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .files import locked
from .golang import build_package, find_go
from .places import cache_folder, modules_folder
from .progress import BuildProgress

COMMON_FLAGS = ("-trimpath",)


@dataclass(frozen=True)
class Module:
    """One folder with go.mod and go.sum, and the binaries it can build, by name."""

    folder: Path
    packages: Mapping[str, str]
    ldflags: str
    tags: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        tags = ("-tags", self.tags) if self.tags else ()
        return (*COMMON_FLAGS, *tags, "-ldflags", self.ldflags)


def kubernetes_module() -> Module:
    """kube-apiserver, kube-controller-manager, kube-scheduler, etcd and kwok, all in one module graph."""
    folder = modules_folder() / "kubernetes"
    version = module_version(folder / "go.mod", "k8s.io/kubernetes")
    stamp = "k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion"
    packages = {
        name: f"k8s.io/kubernetes/cmd/{name}"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    }
    packages |= {"etcd": "go.etcd.io/etcd/server/v3", "kwok": "sigs.k8s.io/kwok/cmd/kwok"}
    return Module(folder, packages, "-s -w " + " ".join(f"-X {name}={version}" for name in stamp))


def kubectl_module() -> Module:
    """kubectl, from the same graph and into the same folder; only built where there is none on PATH."""
    kubernetes = kubernetes_module()
    return replace(kubernetes, packages={"kubectl": "k8s.io/kubernetes/cmd/kubectl"})


def real_node_binaries() -> dict[str, Path]:
    """Everything that a real node runs but runc, by name."""
    return build_binaries(kubelet_module()) | build_binaries(node_module()) | build_binaries(workload_module())


def find_kubectl() -> Path:
    found = shutil.which("kubectl")
    return Path(found) if found else build_binaries(kubectl_module())["kubectl"]


def helm_module() -> Module:
    return Module(modules_folder() / "helm", {"helm": "helm.sh/helm/v4/cmd/helm"}, "-s -w")


def kind_module() -> Module:
    return Module(modules_folder() / "kind", {"kind": "sigs.k8s.io/kind"}, "-s -w")


def kubelet_module() -> Module:
    """The kubelet, from the control plane's graph; only built for a real node."""
    return replace(kubernetes_module(), packages={"kubelet": "k8s.io/kubernetes/cmd/kubelet"})


def node_module() -> Module:
    """What a kubelet needs beside runc: containerd, its shim and its `ctr`, three CNI plugins and a registry."""
    containerd, plugins = "github.com/containerd/containerd/v2/cmd", "github.com/containernetworking/plugins/plugins"
    packages = {name: f"{containerd}/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")}
    packages |= {"bridge": f"{plugins}/main/bridge", "loopback": f"{plugins}/main/loopback"}
    packages |= {"host-local": f"{plugins}/ipam/host-local"}
    packages |= {"registry": "./registry"}
    return Module(modules_folder() / "node", packages, "-s -w", "no_btrfs no_devmapper no_zfs")


def workload_module() -> Module:
    """Our own small web server, the only program in the images of the tests."""
    return Module(modules_folder() / "workload", {"workload": "."}, "-s -w")


def prometheus_module() -> Module:
    """Without the web page's assets, which a module does not hold; every query API is there."""
    packages = {name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("prometheus", "promtool")}
    return Module(modules_folder() / "prometheus", packages, "-s -w")


def module_version(go_mod: Path, module: str) -> str:
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", go_mod.read_text(), re.MULTILINE)
    return found[1] if found else "v0.0.0"


def cache_key(module: Module) -> str:
    """Changes with go.mod, go.sum, sources of our own, the flags and the platform, and with nothing else."""
    files = [module.folder / "go.mod", module.folder / "go.sum", *sorted(module.folder.rglob("*.go"))]
    parts = [path.read_bytes() for path in files]
    parts += [" ".join(module.flags).encode(), f"{platform.system()}/{platform.machine()}".encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def binaries_folder(module: Module) -> Path:
    return cache_folder() / cache_key(module) / "bin"


def build_binaries(module: Module, names: Sequence[str] = ()) -> dict[str, Path]:
    """Paths of the binaries asked for (all of the module by default), built where they are missing."""
    folder = binaries_folder(module)
    wanted = {name: folder / name for name in (names or module.packages)}
    if not _missing(wanted):
        return wanted
    with locked(folder.parent / "lock"):
        missing = _missing(wanted)  # another process may have built them while we waited
        if missing:
            _build_all(module, missing)
    return wanted


def _build_all(module: Module, missing: Mapping[str, Path]) -> None:
    go = find_go()
    started = time.monotonic()
    with BuildProgress(len(missing)) as progress:
        for number, (name, target) in enumerate(missing.items(), start=1):
            progress.begin(number, name)
            build_package(go, module.folder, module.packages[name], module.flags, target)
        progress.finish(time.monotonic() - started, target.parent)


def _missing(wanted: Mapping[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in wanted.items() if not path.exists()}
