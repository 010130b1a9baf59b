"""The command line: `edgewarm run` and `edgewarm replay`."""

from edgewarm.cli.main import main

__all__ = ["main"]
