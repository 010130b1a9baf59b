"""kubectl as a function: what a user would type, with the answer parsed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.binaries import find_kubectl


class KubectlError(Exception):
    """kubectl said no; the message is its own."""


@dataclass(frozen=True)
class Kubectl:
    """One kubeconfig."""

    kubeconfig: Path

    def run(self, *arguments: str, text: str | None = None) -> str:
        """Standard output; KubectlError with standard error otherwise."""
        command = [str(find_kubectl()), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=180)
        if done.returncode:
            raise KubectlError(done.stderr.strip() or done.stdout.strip())
        return done.stdout

    def apply(self, *manifests: Mapping[str, Any], validate: bool = True) -> str:
        """kubectl apply of these objects; without its own validation, the server's answer is seen."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        return self.run("apply", f"--validate={str(validate).lower()}", "-f", "-", text=json.dumps(items))

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """One object; KubectlError when it is not there."""
        where = ["-n", namespace] if namespace else []
        found: dict[str, Any] = json.loads(self.run("get", kind, name, *where, "-o", "json"))
        return found

    def list(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """All objects of a kind, in one namespace or in all."""
        where = ["-n", namespace] if namespace else ["-A"]
        chosen = ["-l", selector] if selector else []
        found: list[dict[str, Any]] = json.loads(self.run("get", kind, *where, *chosen, "-o", "json"))["items"]
        return found

    def patch(self, kind: str, name: str, namespace: str, body: Mapping[str, Any], user: str = "") -> None:
        """A merge patch, as another user if one is named."""
        who = ["--as", user] if user else []
        self.run("patch", kind, name, "-n", namespace, "--type", "merge", "-p", json.dumps(body), *who)

    def can_i(self, user: str, words: Sequence[str]) -> bool:
        """kubectl auth can-i, as another user."""
        command = [str(find_kubectl()), "--kubeconfig", str(self.kubeconfig), "auth", "can-i", *words, "--as", user]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
        return done.stdout.strip() == "yes"
