"""Start and stop the components of one cluster, each remembered on disk, with new ports where one was taken."""

import ssl
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from .components import START_ORDER, Component, Folders
from .errors import ControlPlaneError
from .files import last_lines, read_json, write_json
from .network import answers_ok
from .processes import ProcessRecord, end, is_alive, load_record, save_record, spawn

START_SECONDS = 60.0
BIND_ATTEMPTS = 5
# The API server waits up to a minute for its clients to hang up; etcd has all it acknowledged, so a kill is safe.
GRACE_SECONDS = {"kube-apiserver": 2.0}
GRACE_DEFAULT = 10.0
PACKAGE_ROOT = Path(__file__).parent.parent


class PortTakenError(ControlPlaneError):
    """Somebody else bound the port between our look and the component's own bind."""


class Supervisor:
    """The processes of one cluster folder; holds no state of its own, so a new one can take over after a crash."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def launch(self, component: Component) -> None:
        """Starts a component and writes down how, without waiting for it."""
        log = self._folders.log(component.name)
        record = spawn(component.argv, log, {"PYTHONPATH": str(PACKAGE_ROOT)})
        save_record(self._folders.record(component.name), record)
        write_json(self._component_file(component.name), asdict(component))

    def await_health(self, component: Component, seconds: float = START_SECONDS) -> None:
        record = self._record(component.name)
        context = self._context() if component.secure else None
        deadline = time.monotonic() + seconds
        while True:
            if not is_alive(record):
                raise self._failure(component, record, "ended while it started")
            if not component.port or answers_ok(component.port, component.health, context):
                return
            if time.monotonic() > deadline:
                raise self._failure(component, record, f"was not healthy within {seconds:g} s")
            time.sleep(0.05)

    def start_with_ports(self, make: Callable[[], Component]) -> Component:
        """Starts what `make` returns; asks again, for other ports, while a port turns out to be taken."""
        for _ in range(BIND_ATTEMPTS - 1):
            component = make()
            self.launch(component)
            try:
                self.await_health(component)
            except PortTakenError:
                continue
            return component
        component = make()
        self.launch(component)
        self.await_health(component)
        return component

    def start(self, name: str) -> None:
        """Starts a stopped component again with the command line, port and data it had."""
        component = self.component(name)
        record = load_record(self._folders.record(name))
        if record is not None and is_alive(record):
            return
        self.launch(component)
        self.await_health(component)

    def stop(self, name: str) -> None:
        self.component(name)
        self._end(name)

    def stop_all(self) -> None:
        """Ends everything that was started below this folder, a scene's load and Prometheus first."""
        for path in sorted(self._folders.root.glob("**/process.json")):
            helper = load_record(path)
            if helper is not None:
                end(helper)
        for name in reversed(START_ORDER):
            self._end(name)

    def forget(self, name: str) -> None:
        """Ends a component and its memory, so that it is not listed any more; one that never was is no error."""
        self._end(name)
        self._folders.record(name).unlink(missing_ok=True)
        self._component_file(name).unlink(missing_ok=True)

    def component(self, name: str) -> Component:
        path = self._component_file(name)
        if not path.exists():
            known = ", ".join(self.names()) or "none"
            raise ControlPlaneError(f"no component {name!r} in {self._folders.root}; there are: {known}")
        found = read_json(path)
        return Component(**{**found, "argv": tuple(found["argv"])})

    def names(self) -> list[str]:
        return [name for name in START_ORDER if self._component_file(name).exists()]

    def running(self) -> dict[str, ProcessRecord]:
        records = {name: load_record(self._folders.record(name)) for name in START_ORDER}
        return {name: record for name, record in records.items() if record is not None and is_alive(record)}

    def _end(self, name: str) -> None:
        record = load_record(self._folders.record(name))
        if record is not None:
            end(record, GRACE_SECONDS.get(name, GRACE_DEFAULT))

    def _record(self, name: str) -> ProcessRecord:
        record = load_record(self._folders.record(name))
        if record is None:
            raise ControlPlaneError(f"{name} was never started in {self._folders.root}")
        return record

    def _failure(self, component: Component, record: ProcessRecord, what: str) -> ControlPlaneError:
        tail = last_lines(record.log)
        taken = "address already in use" in tail and not is_alive(record)
        kind = PortTakenError if taken else ControlPlaneError
        return kind(f"{component.name} {what}. Its log is {record.log}; the last lines:\n{tail}")

    def _component_file(self, name: str) -> Path:
        return self._folders.root / "components" / f"{name}.json"

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._folders.pki / "ca.crt"))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context
