"""The pass: observe -> forecast -> decide -> act -> learn over ports; no kopf, no HTTP."""
