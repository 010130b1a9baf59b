"""Start processes that outlive us, remember them by pid and start time, and end exactly those."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import ControlPlaneError
from .files import read_json, write_json

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class ProcessRecord:
    pid: int
    start_ticks: int  # field 22 of /proc/PID/stat: tells our process from a later one with the same pid
    argv: tuple[str, ...]
    log: Path


def process_state(pid: int) -> tuple[str, int] | None:
    """State letter and start time in ticks since boot, or None where no such process is."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def is_alive(record: ProcessRecord) -> bool:
    found = process_state(record.pid)
    if found is None or found[1] != record.start_ticks:
        return False
    if found[0] in "ZX":
        _reap(record.pid)
        return False
    return True


def spawn(argv: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> ProcessRecord:
    """Starts a process in a session of its own, so that a Ctrl-C in our terminal does not reach it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        argv[0],
        list(argv),
        {**os.environ, **(environment or {})},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    found = process_state(pid)
    if found is None:
        raise ControlPlaneError(f"started {argv[0]} as pid {pid}, but /proc/{pid} is not there: /proc must be mounted")
    return ProcessRecord(pid, found[1], tuple(argv), log)


def end(record: ProcessRecord, grace_seconds: float = 10.0) -> None:
    """SIGTERM, a wait, then SIGKILL; a process that is gone, or is not ours, is left alone."""
    for sign, patience in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
        if not is_alive(record):
            return
        try:
            os.kill(record.pid, sign)
        except ProcessLookupError:
            return
        if _is_gone_within(record, patience):
            return
    raise ControlPlaneError(f"pid {record.pid} ({record.argv[0]}) survived SIGKILL; see {record.log}")


def save_record(path: Path, record: ProcessRecord) -> None:
    write_json(path, {**asdict(record), "log": str(record.log)})


def load_record(path: Path) -> ProcessRecord | None:
    if not path.exists():
        return None
    found = read_json(path)
    return ProcessRecord(found["pid"], found["start_ticks"], tuple(found["argv"]), Path(found["log"]))


def _is_gone_within(record: ProcessRecord, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not is_alive(record):
            return True
        time.sleep(POLL_SECONDS)
    return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # another Python process started it: its parent reaps it
