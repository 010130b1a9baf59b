"""The operator in a real cluster: chart installed, process started as the chart would, policies applied."""
