"""The report."""
from edgewarm.replay.comparison import Comparison
def html(comparison: Comparison, said: list[str]) -> str: return ""
