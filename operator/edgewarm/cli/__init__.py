"""The command line: `edgewarm run | backtest`."""

from edgewarm.cli.main import main

__all__ = ["main"]
