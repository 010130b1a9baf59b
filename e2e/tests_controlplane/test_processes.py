"""Processes: exactly ours are ended, records survive us, a taken port is met with another."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from controlplane import components
from controlplane.components import Component, Folders
from controlplane.errors import ControlPlaneError
from controlplane.files import last_lines
from controlplane.network import free_ports
from controlplane.processes import end, is_alive, load_record, process_state, save_record, spawn
from controlplane.providers import down, up
from controlplane.supervisor import Supervisor
from controlplane.waiting import wait_until

pytestmark = pytest.mark.component

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
# says that a port is taken in the words of a Go program
SERVE = """
import http.server, sys
try:
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
except OSError:
    raise SystemExit("listen tcp: bind: address already in use")
server.serve_forever()
"""


def test_a_process_is_ended_and_its_record_survives_a_round_trip(tmp_path: Path):
    record = spawn([sys.executable, "-c", SLEEP], tmp_path / "log")
    save_record(tmp_path / "record.json", record)
    assert load_record(tmp_path / "record.json") == record
    assert is_alive(record)
    end(record)
    assert not is_alive(record)
    assert process_state(record.pid) is None  # reaped, no zombie is left


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path):
    record = spawn([sys.executable, "-c", STUBBORN], tmp_path / "log")
    wait_until("the process", lambda: "deaf" in last_lines(tmp_path / "log"))
    end(record, grace_seconds=0.3)
    assert not is_alive(record)


def test_a_later_process_with_the_same_pid_is_left_alone(tmp_path: Path):
    record = spawn([sys.executable, "-c", SLEEP], tmp_path / "log")
    reused = replace(record, start_ticks=record.start_ticks - 1)
    assert not is_alive(reused)
    end(reused)
    assert is_alive(record)
    end(record)


def test_processes_survive_the_python_process_that_started_them_and_are_found_again(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from controlplane.processes import *; "
        f"save_record(Path(sys.argv[1]), spawn([sys.executable, '-c', {SLEEP!r}], Path(sys.argv[2])))"
    )
    source = str(Path(components.__file__).parent.parent)
    arguments = [str(tmp_path / "record.json"), str(tmp_path / "log")]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env={**os.environ, "PYTHONPATH": source})
    record = load_record(tmp_path / "record.json")
    assert record is not None
    assert is_alive(record)
    end(record)
    assert not is_alive(record)


def test_a_component_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path):
    supervisor = Supervisor(Folders(tmp_path))
    broken = Component("etcd", (sys.executable, "-c", "print('no such flag'); raise SystemExit(2)"), 1, "/", False)
    supervisor.launch(broken)
    with pytest.raises(ControlPlaneError, match=r"(?s)etcd.*etcd\.log.*no such flag"):
        supervisor.await_health(broken)


def test_a_taken_port_is_met_with_another_one(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1], *free_ports(1)])

        def make() -> Component:
            port = next(ports)
            return Component("kwok", (sys.executable, "-c", SERVE, str(port)), port, "/", False)

        supervisor = Supervisor(Folders(tmp_path))
        component = supervisor.start_with_ports(make)
        assert component.port != taken.getsockname()[1]
        supervisor.stop("kwok")
        supervisor.start("kwok")
        assert set(supervisor.running()) == {"kwok"}
        supervisor.stop_all()
        assert not supervisor.running()


def test_an_unknown_component_is_answered_with_those_there_are(tmp_path: Path):
    with pytest.raises(ControlPlaneError, match="no component 'kubelet'"):
        Supervisor(Folders(tmp_path)).stop("kubelet")


def test_down_refuses_a_folder_that_is_not_a_cluster(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ControlPlaneError, match="choose another folder"):
        down("x", directory=tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_an_unknown_provider_is_refused_with_the_choice():
    with pytest.raises(ControlPlaneError, match="local, kind, kubeconfig"):
        up("x", provider="cloud")


def test_ending_a_process_that_is_gone_is_no_error(tmp_path: Path):
    record = spawn([sys.executable, "-c", SLEEP], tmp_path / "log")
    os.kill(record.pid, signal.SIGKILL)
    wait_until("its end", lambda: not is_alive(record))
    end(record)
    assert not is_alive(record)
