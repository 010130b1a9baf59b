"""kopf glue: wake the engine, nothing else."""
