"""Wait for something to become true, and say what was waited for when it does not."""

import time
from collections.abc import Callable

from .errors import ControlPlaneError


def wait_until(
    what: str, holds: Callable[[], bool], seconds: float = 60.0, detail: Callable[[], str] = str, poll: float = 0.05
) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise ControlPlaneError(f"waited {seconds:g} s for {what} in vain. {detail()}".rstrip())
        time.sleep(poll)
