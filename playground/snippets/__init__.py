"""The code that asks what a turn asked."""
