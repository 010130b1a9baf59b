"""The command line: `edgewarm run | backtest | replay | explain`."""

from edgewarm.cli.main import main

__all__ = ["main"]
