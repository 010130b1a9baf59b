"""The API server: informers, guarded writes, server-side apply, events."""
