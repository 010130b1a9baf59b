"""A file server of the tests in a thread of its own, at an address of this host that pods of a real node reach."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType

from support.fake_files import FakeFiles


class Serving:
    """`server` has the files and remembers what was asked; `host` is its address with its port."""

    def __init__(self) -> None:
        self.server = FakeFiles(address=_own_address())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="files", daemon=True)

    @property
    def host(self) -> str:
        return self.server.host

    def __enter__(self) -> Serving:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.server.__aenter__(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self.server.__aexit__(None, None, None), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


def _own_address() -> str:
    """Of the interface that leads out, or whatever the host's name means; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostbyname(socket.gethostname())
        address: str = probe.getsockname()[0]
        return address
