"""The operator's own metrics, logs and health."""
