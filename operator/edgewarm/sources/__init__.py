"""Where demand is read from: PromQL over HTTP."""
