"""The images of the tests: our web server, with ballast to make it large and files to look for."""

from collections.abc import Mapping

from controlplane.binaries import build_binaries, workload_module

from .oci import Blob, Image, ballast, layer


def workload_image(
    ballast_bytes: int = 0, environment: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None
) -> Image:
    """Answers HTTP on $PORT (8080) after $START_SECONDS; ballast of the same size is the same layer everywhere."""
    layers = [_program()]
    if files:
        layers.append(layer(files))
    if ballast_bytes:
        layers.append(layer({"/ballast": ballast(ballast_bytes, "ballast")}))
    return Image(layers, ["/workload"], environment or {})


def files_image(files: Mapping[str, bytes]) -> Image:
    """Only files, for an image volume."""
    return Image([layer(files)])


def pause_image() -> Image:
    """What holds a pod's namespaces."""
    return Image([_program()], ["/workload", "pause"])


def _program() -> Blob:
    return layer({"/workload": build_binaries(workload_module())["workload"].read_bytes()})
