"""Accounts in Django's admin. Sign-in links and failures have no page there: nothing in them is for a person."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from playground.accounts.models import User

admin.site.register(User, UserAdmin)
