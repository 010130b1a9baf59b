"""The command line: `edgewarm run | backtest | replay`."""

from edgewarm.cli.main import main

__all__ = ["main"]
