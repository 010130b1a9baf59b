"""Accuracy, speed and memory of the operator, each beside a yardstick measured in the same run."""
