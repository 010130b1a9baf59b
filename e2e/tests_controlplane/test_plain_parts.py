"""The parts without processes: annotations, names, cache keys, kubeconfigs, the text formats."""

import io
import ssl
from pathlib import Path

import pytest

from controlplane.binaries import Module, cache_key, kubernetes_module
from controlplane.certificates import create_authority, sign_client
from controlplane.cold_start import (
    ColdStart,
    cold_start,
    go_duration,
    node_image,
    normalised_image,
    pod_images,
    seconds,
)
from controlplane.curves import Curve
from controlplane.errors import ControlPlaneError
from controlplane.golang import build_failure
from controlplane.history import Span, write_openmetrics
from controlplane.kubeconfigs import access_from, write_client_kubeconfig, write_token_kubeconfig
from controlplane.nodes import next_names
from controlplane.prometheus import Target, configuration, pause_before_start
from controlplane.series import Series, exposition, load_spec, save_spec

pytestmark = pytest.mark.unit

FLAT = Curve([0, 100], [2, 2])


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ({}, None),
        ({"other": "1"}, None),
        ({"e2e.edgewarm.io/cold-start": "20s"}, ColdStart(12, 2, 6)),
        ({"e2e.edgewarm.io/pull-seconds": "4"}, ColdStart(4, 0, 0)),
        ({"e2e.edgewarm.io/cold-start": "10", "e2e.edgewarm.io/ready-seconds": "500ms"}, ColdStart(6, 1, 0.5)),
    ],
)
def test_annotations_ask_for_a_cold_start(annotations: dict[str, str], expected: ColdStart | None):
    assert cold_start(annotations) == expected


def test_durations_are_seconds_or_go_durations():
    assert [seconds(text) for text in ("20", "0.5", "1m30s", "1500ms", "1h")] == [20, 0.5, 90, 1.5, 3600]
    with pytest.raises(ControlPlaneError, match="soon"):
        seconds("soon")
    assert [go_duration(value) for value in (0.25, 3, 62.5)] == ["250ms", "3.000s", "1m2.500s"]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("shop/web:2", "docker.io/shop/web:2"),
        ("registry.example/web:1", "registry.example/web:1"),
        ("localhost:5000/web", "localhost:5000/web:latest"),
        ("registry.example/web@sha256:ab", "registry.example/web@sha256:ab"),
    ],
)
def test_image_names_are_written_out_as_a_kubelet_does(image: str, name: str):
    assert normalised_image(image) == name
    assert node_image(image)["names"][-1] == name


def test_the_images_of_a_pod_include_init_containers_and_image_volumes():
    pod = {
        "spec": {
            "volumes": [{"name": "data", "image": {"reference": "d:1"}}, {"name": "tmp", "emptyDir": {}}],
            "initContainers": [{"name": "i", "image": "i:1"}],
            "containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "a:1"}],
        }
    }
    assert list(pod_images(pod)) == ["d:1", "i:1", "a:1"]


def test_node_names_go_on_after_the_highest():
    assert next_names(["sim-0", "sim-7", "worker"], 2) == ["sim-8", "sim-9"]


def test_the_cache_key_changes_with_every_part(tmp_path: Path):
    def key(go_mod: str, go_sum: str, flags: str) -> str:
        (tmp_path / "go.mod").write_text(go_mod)
        (tmp_path / "go.sum").write_text(go_sum)
        return cache_key(Module(tmp_path, {}, flags))

    keys = {key("a", "b", "c"), key("A", "b", "c"), key("a", "B", "c"), key("a", "b", "C")}
    assert len(keys) == 4
    assert key("a", "b", "c") in keys


def test_the_version_stamp_is_the_pinned_one():
    assert "gitVersion=v1." in kubernetes_module().ldflags


def test_a_toolchain_that_is_too_old_gets_a_sentence_of_its_own():
    output = "go: go.mod requires go >= 1.26.0 (running go 1.21.3; GOTOOLCHAIN=local)"
    sentence = build_failure("x", Path("m"), output)
    assert "needs Go 1.26.0" in sentence
    assert "1.21.3" in sentence


def test_a_kubeconfig_is_private_and_can_be_read_back(tmp_path: Path):
    authority = create_authority()
    path = tmp_path / "a.kubeconfig"
    client = sign_client(authority, "me", "system:masters")
    write_client_kubeconfig(path, "https://127.0.0.1:1", authority.pem.certificate, client)
    write_token_kubeconfig(tmp_path / "b.kubeconfig", path, "secret")
    assert path.stat().st_mode & 0o777 == 0o600
    assert isinstance(access_from(path).context, ssl.SSLContext)
    assert access_from(tmp_path / "b.kubeconfig").token == "secret"


def test_a_kubeconfig_without_a_usable_user_is_refused(tmp_path: Path):
    (tmp_path / "k").write_text("{}")
    with pytest.raises(ControlPlaneError, match="current context"):
        access_from(tmp_path / "k")


def test_the_exposition_keeps_a_metrics_series_together():
    series = [
        Series("b_total", {"app": "x"}, FLAT),
        Series("a", {"app": 'q"uote'}, FLAT, "gauge"),
        Series("b_total", {"app": "y"}, FLAT),
    ]
    text = exposition(series, 50)
    assert text.splitlines() == [
        "# TYPE a gauge",
        'a{app="q\\"uote"} 2.0',
        "# TYPE b_total counter",
        'b_total{app="x"} 100.0',
        'b_total{app="y"} 100.0',
    ]


def test_a_spec_survives_a_round_trip_and_inline_curves_are_read(tmp_path: Path):
    save_spec(tmp_path / "load.json", [Series("a_total", {"k": "v"}, FLAT)])
    assert exposition(load_spec(tmp_path / "load.json"), 10).endswith('a_total{k="v"} 20.0\n')
    (tmp_path / "inline.json").write_text(
        '{"series": [{"metric": "g", "type": "gauge", "curve": {"times": [0], "values": [7]}}]}'
    )
    assert exposition(load_spec(tmp_path / "inline.json"), 10).endswith("g{} 7.0\n")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ControlPlaneError, match="series"):
        load_spec(tmp_path / "bad.json")


def test_history_has_the_labels_of_the_scrape_and_every_step():
    stream = io.StringIO()
    write_openmetrics(stream, [Series("r_total", {"app": "x"}, FLAT)], Span(-100, 30, 15), {"job": "load"})
    assert stream.getvalue().splitlines() == [
        "# TYPE r counter",
        'r_total{app="x",job="load"} 0.0 0.0',
        'r_total{app="x",job="load"} 30.0 15.0',
        'r_total{app="x",job="load"} 60.0 30.0',
        "# EOF",
    ]


def test_history_goes_on_after_what_was_written_and_ends_at_its_end():
    assert Span(float("-inf"), 100, 15).times(62).tolist() == [70, 85, 100]
    assert Span(100, 117, 15).times(0).tolist() == [117]
    assert Span(100, 105, 15).times(0).tolist() == []


@pytest.mark.parametrize(("since", "step", "pause"), [(1, 15, 0), (11.9, 15, 0), (13, 15, 2.1), (0.9, 1, 0)])
def test_no_scrape_falls_into_the_start_of_prometheus(since: float, step: float, pause: float):
    assert pause_before_start(since, step) == pytest.approx(pause)


def test_targets_of_one_job_share_it():
    text = configuration([Target("127.0.0.1:1"), Target("127.0.0.1:2", instance="load-1")], 15.0)
    assert text.count("job_name") == 1
    assert "15000ms" in text
