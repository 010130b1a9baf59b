"""The parts of a real node that need no node: images, configuration, names, owners, the link."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

from controlplane import ControlPlaneError, owners, up
from controlplane.binaries import Module, cache_key
from controlplane.cluster import Cluster
from controlplane.real_node import add_real_node, find_real_node
from controlplane.real_node.cgroups import hierarchies
from controlplane.real_node.host import host_names
from controlplane.real_node.link import Pace
from controlplane.real_node.oci import Image, ballast, layer
from controlplane.real_node.settings import (
    PAUSE,
    TAINT,
    KubeletPlace,
    Runtime,
    containerd_toml,
    kubelet_yaml,
    network_list,
)

pytestmark = pytest.mark.unit


def test_a_manifest_names_config_and_layers_by_what_they_hold() -> None:
    image = Image([layer({"/a": b"1"}), layer({"/b": b"22"})], ["/a"], {"KEY": "value"})
    manifest, config = json.loads(image.manifest().content), json.loads(image.config().content)

    assert manifest["config"]["digest"] == "sha256:" + hashlib.sha256(image.config().content).hexdigest()
    assert [one["digest"] for one in manifest["layers"]] == config["rootfs"]["diff_ids"]
    assert [one["size"] for one in manifest["layers"]] == [len(one.content) for one in image.layers]
    assert config["config"] == {"Entrypoint": ["/a"], "Env": ["KEY=value"]}


def test_a_layer_is_the_same_each_time_and_its_files_may_run() -> None:
    files = {"/bin/web": b"program", "/data/menu.txt": b"soup"}
    assert layer(files) == layer(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(layer(files).content)) as archive:
        assert {one.name: one.mode for one in archive} == {"bin/web": 0o755, "data/menu.txt": 0o755}


def test_ballast_is_as_large_as_it_says_and_belongs_to_its_seed() -> None:
    assert len(ballast(1000, "a")) == 1000
    assert ballast(1000, "a") == ballast(1000, "a") != ballast(1000, "b")


def test_the_configuration_files_are_read_back_as_meant(tmp_path: Path) -> None:
    runtime = Runtime("native", Path("/usr/sbin/runc"), tmp_path / "bin", tmp_path)
    containerd = tomllib.loads(containerd_toml(runtime, 1234))["plugins"]
    kubelet = yaml.safe_load(kubelet_yaml(KubeletPlace("10.245.1.1", 1, 2, "group", tmp_path / "ca.crt"), 32))
    (bridge,) = json.loads(network_list("ew1", "10.245.1"))["plugins"]

    assert containerd["io.containerd.cri.v1.images"]["pinned_images"] == {"sandbox": PAUSE}
    assert containerd["io.containerd.cri.v1.images"]["snapshotter"] == "native"
    assert (kubelet["cgroupRoot"], kubelet["nodeLeaseDurationSeconds"]) == ("/group", 32)
    assert kubelet["registerWithTaints"] == [TAINT]
    assert not kubelet["authentication"]["anonymous"]["enabled"]
    assert (bridge["bridge"], bridge["isGateway"]) == ("ew1", False)
    assert bridge["ipam"]["ranges"] == [[{"subnet": "10.245.1.0/24", "gateway": "10.245.1.1"}]]


def test_names_on_the_host_belong_to_the_folder_and_fit_an_interface(tmp_path: Path) -> None:
    names = host_names(tmp_path)
    assert names == host_names(tmp_path / "." / "x" / "..")
    assert names != host_names(tmp_path / "x")
    assert len(names.bridge) <= 15


def test_control_groups_of_both_versions_are_found(tmp_path: Path) -> None:
    for controller in ("cpu,cpuacct", "pids"):
        (tmp_path / "one" / controller).mkdir(parents=True)
        (tmp_path / "one" / controller / "cgroup.procs").touch()
    (tmp_path / "one" / "cpu").symlink_to("cpu,cpuacct")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "cgroup.controllers").touch()

    assert [path.name for path in hierarchies(tmp_path / "one")] == ["cpu,cpuacct", "pids"]
    assert hierarchies(tmp_path / "two") == [tmp_path / "two"]
    assert hierarchies(tmp_path / "none") == []


def test_a_cluster_is_an_orphan_once_its_process_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEWARM_CACHE", str(tmp_path / "cache"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        owners.remember("theirs", tmp_path / "theirs", other.pid)
        owners.remember("mine", tmp_path / "mine", os.getpid())
        assert list(owners.orphans()) == []
        other.communicate(b"\n")

    assert list(owners.orphans()) == [owners.Owned("theirs", tmp_path / "theirs")]
    owners.forget(tmp_path / "theirs")
    assert list(owners.orphans()) == []


def test_downloads_share_the_rate_of_the_link(tmp_path: Path) -> None:
    """2,000 bytes at 1,000 bytes/s take 2 s, less 50 ms; a second download at the same moment waits for the first."""
    (tmp_path / "rate").write_text("1000\n")
    pace = Pace(tmp_path / "rate")

    waits = [pace.wait(2000, now=10), pace.wait(2000, now=10), pace.wait(1000, now=13)]
    assert waits == pytest.approx([1.95, 3.95, 1.95])
    assert pace.wait(1000, now=60) == pytest.approx(0.95)  # no more than 50 ms that nobody used are made up for
    assert pace.wait(10, now=61) == 0
    (tmp_path / "rate").write_text("0\n")
    assert pace.wait(1000, now=61) == 0


def test_a_source_file_of_ours_changes_the_cache_key(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum", "main.go"):
        (tmp_path / name).write_text(name)
    before = cache_key(Module(tmp_path, {}, ""))
    (tmp_path / "main.go").write_text("changed")
    assert cache_key(Module(tmp_path, {}, "")) != before


def test_a_cluster_that_is_not_ours_gets_no_real_node(tmp_path: Path) -> None:
    cluster = Cluster("k", tmp_path, tmp_path / "kubeconfig", "https://127.0.0.1:1", tmp_path, "kind")
    with pytest.raises(ControlPlaneError, match="needs provider local, not kind"):
        add_real_node(cluster)
    with pytest.raises(ControlPlaneError, match="--real-node"):
        find_real_node(cluster)
    with pytest.raises(ControlPlaneError, match="needs provider local, not kubeconfig"):
        up("k", provider="kubeconfig", directory=tmp_path / "k", real_node=True)
    assert not (tmp_path / "k").exists()
