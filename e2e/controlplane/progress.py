"""Show which binary of how many is being built: a live line on a terminal, plain lines elsewhere."""

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class BuildProgress:
    def __init__(self, count: int) -> None:
        self._count = count
        self._console = Console(stderr=True)
        self._live = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self._console
        )
        self._task = self._live.add_task("starting", total=None)

    def __enter__(self) -> "BuildProgress":
        self._say(f"building {self._count} binaries; the first time takes up to 15 minutes, later it is instant")
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def begin(self, number: int, name: str) -> None:
        line = f"building {name} ({number} of {self._count})"
        self._live.update(self._task, description=line)
        if not self._console.is_terminal:
            self._say(line)

    def finish(self, seconds: float, folder: Path) -> None:
        self._say(f"built {self._count} binaries in {seconds:.0f} s into {folder}")

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)
