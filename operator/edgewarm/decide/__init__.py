"""Forecast, costs and bounds to a wanted count with its reasons; pure."""
