"""Write kubeconfig files and read back what a plain HTTP client needs from one."""

import base64
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .certificates import Signed
from .errors import ControlPlaneError
from .files import write_atomically


@dataclass(frozen=True)
class Access:
    """How to reach an API server: its URL, a TLS context, and a bearer token where there is one."""

    server: str
    context: ssl.SSLContext
    token: str


def write_client_kubeconfig(path: Path, server: str, authority: str, client: Signed) -> None:
    user = {
        "client-certificate-data": _encoded(client.certificate),
        "client-key-data": _encoded(client.key),
    }
    _write(path, {"server": server, "certificate-authority-data": _encoded(authority)}, user)


def write_token_kubeconfig(path: Path, like: Path, token: str) -> None:
    """A kubeconfig for the same server as `like`, as the owner of the token."""
    cluster, _ = _current(like)
    _write(path, cluster, {"token": token})


def access_from(path: Path) -> Access:
    """Reads certificates and tokens; users with `exec` or `auth-provider` are refused with a sentence."""
    cluster, user = _current(path)
    context = ssl.create_default_context(cadata=_material(cluster, "certificate-authority", path) or None)
    # Go clients accept our short chains; Python 3.13's stricter default would ask for key identifiers
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = _material(user, "client-certificate", path)
    if certificate:
        _load_chain(context, certificate, _material(user, "client-key", path))
    elif not user.get("token"):
        raise ControlPlaneError(f"{path}: its user has neither a client certificate nor a token; make one with a token")
    return Access(str(cluster["server"]), context, str(user.get("token") or ""))


def _current(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        found = yaml.safe_load(path.read_text())
        name = found["current-context"]
        context = next(item["context"] for item in found["contexts"] if item["name"] == name)
        cluster = next(item["cluster"] for item in found["clusters"] if item["name"] == context["cluster"])
        user = next(item["user"] for item in found["users"] if item["name"] == context["user"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise ControlPlaneError(f"read kubeconfig {path}: no usable current context ({error!r})") from error
    return cluster, user


def _material(section: Mapping[str, Any], key: str, path: Path) -> str:
    if section.get(f"{key}-data"):
        return base64.b64decode(section[f"{key}-data"]).decode()
    if section.get(key):
        return (path.parent / str(section[key])).read_text()
    return ""


def _load_chain(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # ssl reads key pairs from files only: one private file, gone again at once
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(certificate + "\n" + key)
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()


def _write(path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> None:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "edgewarm", "cluster": dict(cluster)}],
        "users": [{"name": "edgewarm", "user": dict(user)}],
        "contexts": [{"name": "edgewarm", "context": {"cluster": "edgewarm", "user": "edgewarm"}}],
        "current-context": "edgewarm",
    }
    write_atomically(path, yaml.safe_dump(document, sort_keys=False))


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
