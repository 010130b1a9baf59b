"""The same engine over recorded time, its rivals, and what they would have cost."""
