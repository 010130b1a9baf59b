"""A small blocking client of the Kubernetes API, enough to bring a cluster up and to look at it."""

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import ControlPlaneError
from .kubeconfigs import Access, access_from

MERGE_PATCH = "application/merge-patch+json"


class ApiError(ControlPlaneError):
    """The API server's answer to one request, with its status code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Api:
    access: Access

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any, content_type: str = MERGE_PATCH) -> Any:
        return self.call("PATCH", path, body, content_type)

    def delete(self, path: str) -> Any:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """One request on a connection of its own; an answer of 400 or more raises ApiError."""
        address = urlsplit(self.access.server)
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port or 443, timeout=30, context=self.access.context
        )
        headers = {"Accept": "application/json", "Content-Type": content_type}
        if self.access.token:
            headers["Authorization"] = f"Bearer {self.access.token}"
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, address.path.rstrip("/") + path, text, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, f"{method} {path}: {response.status} {content[:600].decode()}")
        return json.loads(content) if content.startswith((b"{", b"[")) else content.decode()


def api_from(kubeconfig: Path) -> Api:
    return Api(access_from(kubeconfig))
