from django.dispatch import Signal

workspace_created = Signal()
"""Sent with `workspace` and its first `owner`, in the transaction that makes it."""
