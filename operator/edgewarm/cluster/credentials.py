"""Who we are to the API server, and how we reach it: kubeconfig or service account, renewed when they expire."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from edgewarm.model.errors import Invalid, Unavailable


@dataclass(frozen=True)
class Endpoint:
    """Where requests go and how the server is recognised."""

    host: str
    tls: ssl.SSLContext | bool
    server_name: str | None
    proxy: str | None


class Credentials:
    """The API server's address and our bearer token or client certificate.

    The order is that of controller-runtime: an explicit path, $KUBECONFIG, the pod's service account, ~/.kube/config.
    """

    def __init__(self, kubeconfig: str | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._kubeconfig = kubeconfig or environ.get("KUBECONFIG") or None
        self._in_cluster = bool(environ.get("KUBERNETES_SERVICE_HOST"))
        self._configuration: Any = None
        self._endpoint: Endpoint | None = None
        self._lock = asyncio.Lock()
        self.generation = 0  # counts readings, so that nine watches that fail together renew once

    async def endpoint(self) -> Endpoint:
        """Where to send requests; reads the credentials on first use."""
        if self._endpoint is None:
            await self.renew(self.generation)
        assert self._endpoint is not None
        return self._endpoint

    async def authorization(self) -> str | None:
        """The value of the Authorization header; a service account's token is read again every minute."""
        await self.endpoint()
        try:
            value = await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        except (ConfigException, OSError) as error:
            raise Unavailable(f"reading the service account token: {error}; it will be tried again") from error
        return str(value).strip() if value else None

    async def renew(self, seen: int) -> None:
        """Read everything anew (exec plug-ins run again), unless somebody did so since generation `seen`."""
        async with self._lock:
            if self.generation != seen:
                return
            configuration = await self._read()
            self._endpoint = _endpoint(configuration)
            self._configuration = configuration
            self.generation += 1

    async def _read(self) -> Any:
        configuration = Configuration()
        try:
            if self._kubeconfig is None and self._in_cluster:
                load_incluster_config(client_configuration=configuration)
            else:
                path = self._kubeconfig or str(Path.home() / ".kube" / "config")
                await _read_kubeconfig(path, configuration)
        except (ConfigException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            # The loader trips over incomplete files with errors of many types; for the reader they are one.
            where = self._kubeconfig or ("the pod's service account" if self._in_cluster else "~/.kube/config")
            raise Invalid(f"reading credentials from {where}: {error}; set KUBECONFIG to a valid file") from error
        return configuration


async def _read_kubeconfig(path: str, configuration: Any) -> None:
    if not any(Path(part).expanduser().exists() for part in path.split(os.pathsep) if part):
        raise FileNotFoundError(f"{path} does not exist")
    await load_kube_config(config_file=path, client_configuration=configuration, persist_config=False)


def _endpoint(configuration: Any) -> Endpoint:
    host = str(configuration.host).rstrip("/")
    return Endpoint(
        host=host,
        tls=_tls(configuration) if host.startswith("https") else True,
        server_name=configuration.tls_server_name or None,
        proxy=configuration.proxy or None,
    )


def _tls(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if configuration.ssl_ca_cert:
        # Python 3.13 asks of a CA what many clusters' own CAs lack (an authority key identifier); Go does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
