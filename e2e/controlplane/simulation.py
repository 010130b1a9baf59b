"""Simulated nodes on any API server: our stages for kwok, and the process that pulls images."""

from pathlib import Path

from . import components
from .binaries import build_binaries, kubernetes_module
from .components import Component, Folders
from .network import free_ports
from .places import stages_folder
from .supervisor import Supervisor


def stages() -> str:
    """All Stage objects of this package as one YAML stream, as kwok's --config wants it."""
    return "---\n".join(path.read_text() for path in sorted(stages_folder().glob("*.yaml")))


def launch_images(folders: Folders) -> Component:
    component = components.images(folders)
    Supervisor(folders).launch(component)
    return component


def kwok_component(folders: Folders, node_grace_seconds: float) -> Component:
    binary: Path = build_binaries(kubernetes_module(), ["kwok"])["kwok"]
    return components.kwok(binary, folders, free_ports(1)[0], node_grace_seconds)
