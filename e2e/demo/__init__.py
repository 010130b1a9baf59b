"""The main job, live: a forecast arm and a reactive twin under the same rise, with a report at the end."""
