"""Rules that clean up a stream as it is shown."""
