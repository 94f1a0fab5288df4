"""Measures the playground against a bare relay. `make bench`."""
