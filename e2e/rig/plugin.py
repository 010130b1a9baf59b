"""A forecasting model behind HTTP, as an administrator would run one: it expects the same demand for all time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "steady-model"
EXPECTED = 290.0


@dataclass(frozen=True)
class Plugin:
    """`asked` are the questions that were answered, oldest first."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)

    def declared(self) -> dict[str, str]:
        """An entry of the chart's `plugins`."""
        return {"name": NAME, "url": self.url}


@contextmanager
def plugin() -> Iterator[Plugin]:
    """Listens on loopback until left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append(question)
            points = [[EXPECTED] * len(question["horizons"]) for _ in question["series"]]
            body = json.dumps({"points": points}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Tests print what they need."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Plugin(f"http://127.0.0.1:{server.server_port}/forecast")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
