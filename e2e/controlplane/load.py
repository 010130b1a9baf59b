"""An exporter whose counters are pure functions of time, as a process: `python -m controlplane.load --spec FILE`."""

import argparse
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .errors import ControlPlaneError
from .files import write_atomically
from .network import answers_ok
from .processes import ProcessRecord, end, is_alive, load_record, save_record, spawn
from .series import Series, exposition, load_spec, save_spec
from .supervisor import PACKAGE_ROOT
from .waiting import wait_until


class Load:
    """The exporter of one folder. Stop and start change nothing in what the counters say, nor the port."""

    def __init__(self, directory: Path, series: Sequence[Series]) -> None:
        self.directory = directory
        self._log = directory / "load.log"
        self._port_file = directory / "port"
        self.replace(series)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._port()}"

    @property
    def url(self) -> str:
        return f"http://{self.address}/metrics"

    def replace(self, series: Sequence[Series]) -> None:
        """Gives the running exporter other curves; change only their future, or counters will jump."""
        save_spec(self.directory / "load.json", series)

    def start(self) -> None:
        if self._alive():
            return
        known = str(self._port()) if self._port_file.exists() else "0"
        argv = [sys.executable, "-m", "controlplane.load", "--spec", str(self.directory / "load.json")]
        argv += ["--port-file", str(self._port_file), "--port", known]
        record = spawn(argv, self._log, {"PYTHONPATH": str(PACKAGE_ROOT)})
        save_record(self.directory / "process.json", record)
        wait_until("the load exporter", self._answers, 120.0, lambda: f"See {self._log}")

    def stop(self) -> None:
        record = self._record()
        if record is not None:
            end(record)

    def _answers(self) -> bool:
        if not self._alive():
            raise ControlPlaneError(f"the load exporter ended while it started; see {self._log}")
        return self._port_file.exists() and answers_ok(self._port(), "/metrics")

    def _alive(self) -> bool:
        record = self._record()
        return record is not None and is_alive(record)

    def _record(self) -> ProcessRecord | None:
        return load_record(self.directory / "process.json")

    def _port(self) -> int:
        return int(self._port_file.read_text())


class Exporter:
    """Reads the spec again whenever its file changes."""

    def __init__(self, spec: Path) -> None:
        self._spec = spec
        self._read_at = -1
        self._series: list[Series] = []

    def text(self, now: float) -> str:
        changed = self._spec.stat().st_mtime_ns
        if changed != self._read_at:
            self._series, self._read_at = load_spec(self._spec), changed
        return exposition(self._series, now)


def serve(spec: Path, port_file: Path, port: int) -> None:
    exporter = Exporter(spec)
    exporter.text(time.time())  # a bad spec ends us at the start, with its sentence

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.text(time.time()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: one line per scrape says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        write_atomically(port_file, f"{server.server_port}\n")
        server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    try:
        serve(arguments.spec, arguments.port_file, arguments.port)
    except ControlPlaneError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
