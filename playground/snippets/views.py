"""The page with the code that asks a run's question again."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from playground.connections.models import Connection
from playground.http import SignedInRequest, absolute, wants_part
from playground.markdown import render_markdown
from playground.runs.models import Run
from playground.snippets.access import asked_or_404
from playground.snippets.languages import LANGUAGES, Language
from playground.snippets.targets import (
    CLIENTS_SPEAK,
    GATEWAY_KEY,
    PROVIDER_KEY,
    native_curl,
    of_gateway,
    of_provider,
    provider_of,
)

_CURL = LANGUAGES["curl"]


@require_safe
@login_required
def run_code(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """`?language=` one of LANGUAGES, `?target=provider` for the provider itself; anything else is the first of each."""
    run = asked_or_404(request.user, run_id)
    connection = provider_of(run)
    asks_provider = connection is not None and request.GET.get("target") == "provider"
    languages = _languages(connection if asks_provider else None)
    language = languages.get(request.GET.get("language", ""), _CURL)
    if connection is not None and asks_provider:
        code = _for_provider(run, connection, language)
    else:
        code = language.write(of_gateway(run, _gateway(request)))
    target = "provider" if asks_provider else "gateway"
    context = {
        "run": run,
        "language": language,
        "code": code,
        "html": render_markdown(_fenced(code, language.lexer)),
        "key": PROVIDER_KEY if asks_provider else GATEWAY_KEY,
        "connection": connection,
        "asks_provider": asks_provider,
        "languages": [(entry, urlencode({"language": name, "target": target})) for name, entry in languages.items()],
        "targets": _targets(language, target) if connection is not None else [],
    }
    return render(request, "snippets/run.html#code" if wants_part(request) else "snippets/run.html", context)


def _languages(asked: Connection | None) -> Mapping[str, Language]:
    """The client libraries speak one dialect; any other is asked as its provider documents it."""
    return LANGUAGES if asked is None or asked.dialect == CLIENTS_SPEAK else {_CURL.name: _CURL}


def _for_provider(run: Run, connection: Connection, language: Language) -> str:
    if connection.dialect == CLIENTS_SPEAK:
        return language.write(of_provider(run, connection))
    return native_curl(run, connection)


def _targets(language: Language, chosen: str) -> list[dict[str, Any]]:
    labels = {"gateway": _("This server"), "provider": _("The provider")}
    return [
        {"label": label, "query": urlencode({"language": language.name, "target": name}), "is_chosen": name == chosen}
        for name, label in labels.items()
    ]


def _gateway(request: HttpRequest) -> str:
    return absolute(request, "/v1")


def _fenced(code: str, lexer: str) -> str:
    """As Markdown, between fences that are longer than any in the code."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])
    return f"{fence}{lexer}\n{code}{fence}\n"
