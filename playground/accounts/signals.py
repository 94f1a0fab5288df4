from django.dispatch import Signal

tokens_distrusted = Signal()
"""Sent with a `user` who wants all their API tokens to end, in the transaction that sets the new password."""
