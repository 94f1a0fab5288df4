"""The playground page: compose a prompt, send it to one or several models, watch the answers."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
@login_required
def playground(request: HttpRequest) -> HttpResponse:
    """A new session."""
    return render(request, "prompts/playground.html")
