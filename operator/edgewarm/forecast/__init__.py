"""History to calibrated quantiles, the whole fleet in one array; pure numpy."""
