"""Recordings as files of other formats; plain Python."""
