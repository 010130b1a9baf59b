"""The command line: `edgewarm run`."""

from edgewarm.cli.main import main

__all__ = ["main"]
