"""A recording served again as an upstream; plain Python."""
